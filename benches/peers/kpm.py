"""Chebyshev moments with scipy.sparse, one thread: the peer of the group "kpm" of benches/vibrations.rs.

The same crystal (32,000 atoms of a face-centred cubic lattice with springs to 12 or 54 neighbours, off their places), the same doubling trick
(256 products for 512 moments), 8 random vectors side by side; the faster of csr and bsr counts. Processor time, as in the bench.

    python3 benches/peers/kpm.py
"""
import os
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import time
import numpy as np
import scipy.sparse as sp

CELLS, MOMENTS, VECTORS = 20, 512, 8


def crystal(shells):
    """Springs of stiffness 1 to all neighbours with (2 x, 2 y, 2 z) / a whole and a squared length up to 2 * shells."""
    unit = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
    cells = np.stack(np.meshgrid(*[2 * np.arange(CELLS)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    places = (cells + unit).reshape(-1, 3)
    atoms = len(places)
    number = np.full((2 * CELLS,) * 3, -1)
    number[tuple(places.T)] = np.arange(atoms)
    steps = np.stack(np.meshgrid(*[np.arange(-3, 4)] * 3, indexing="ij"), -1).reshape(-1, 3)
    lengths = (steps**2).sum(1)
    steps = steps[(steps.sum(1) % 2 == 0) & (lengths > 0) & (lengths <= 2 * shells)]
    shaken = places + 0.02 * 2**0.5 * np.sin(7 * np.arange(atoms)[:, None] + 3 * np.arange(3))
    all_rows, all_columns, all_values, own = [np.arange(atoms)], [np.arange(atoms)], [], 0
    for d in steps:
        other = number[tuple(((places + d) % (2 * CELLS)).T)]
        bond = shaken[other] - places[other] - shaken + places + d
        block = bond[:, :, None] * bond[:, None, :] / (bond**2).sum(1)[:, None, None]
        own = own + block
        all_rows.append(np.arange(atoms))
        all_columns.append(other)
        all_values.append(-block)
    rows, columns, values = all_rows, all_columns, [own, *all_values]
    rows, columns, values = map(np.concatenate, (rows, columns, values))
    order = np.lexsort((columns, rows))
    starts = np.searchsorted(rows[order], np.arange(atoms + 1))
    return sp.bsr_matrix((values[order], columns[order], starts), shape=(3 * atoms, 3 * atoms)), len(steps)


def moments(matrix, random):
    """The moments of all vectors together; the random vectors are made beforehand."""
    zeroth, old, now = (random * random).sum(), random, matrix @ random
    first = (now * old).sum()
    all_moments = [zeroth, first]
    for _ in range(1, MOMENTS // 2):
        all_moments.append(2 * np.vdot(now, now) - zeroth)
        new = matrix @ now
        new *= 2
        new -= old
        old, now = now, new
        all_moments.append(2 * np.vdot(now, old) - first)
    return all_moments


for shells in (1, 4):
    blocks, neighbours = crystal(shells)
    size = blocks.shape[0]
    highest = 1.01 * abs(sp.linalg.eigsh(blocks, 1, tol=1e-2, return_eigenvectors=False)[0])
    scaled = (2 / highest) * blocks - sp.identity(size, format="bsr").tobsr((3, 3))
    random = np.random.default_rng(0).choice([-1.0, 1.0], (size, VECTORS))
    for name, matrix in [("csr", scaled.tocsr()), ("bsr", scaled)]:
        times = []
        for _ in range(3):
            start = time.process_time()
            found = moments(matrix, random)
            times.append(time.process_time() - start)
        assert abs(found[-1]) < found[0]
        print(f"{neighbours} neighbours, {name}, {matrix.nnz} numbers: {min(times):.2f} s")
