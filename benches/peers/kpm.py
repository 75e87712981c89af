"""Chebyshev moments with scipy.sparse, one thread: the peer of the group "kpm" of benches/vibrations.rs.

The same crystal (32,000 atoms of a face-centred cubic lattice with springs to 12 or 54 neighbours), the same doubling trick
(256 products for 512 moments), 8 random vectors side by side; the fastest of csr and bsr counts. Processor time, as in the bench.

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
    blocks = [np.outer(d, d) / (d @ d) for d in steps]
    rows, columns, values = [np.arange(atoms)], [np.arange(atoms)], [np.tile(sum(blocks), (atoms, 1, 1))]
    for d, block in zip(steps, blocks):
        rows.append(np.arange(atoms))
        columns.append(number[tuple(((places + d) % (2 * CELLS)).T)])
        values.append(np.tile(-block, (atoms, 1, 1)))
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
    scaled = (2 / highest) * blocks - sp.identity(size, format="bsr")
    random = np.random.default_rng(0).choice([-1.0, 1.0], (size, VECTORS))
    full = sp.csr_matrix((blocks * (2 / highest)).tobsr((3, 3))) - sp.identity(size, format="csr")
    for name, matrix in [("csr", full), ("bsr", scaled.tobsr((3, 3)))]:
        times = []
        for _ in range(3):
            start = time.process_time()
            found = moments(matrix, random)
            times.append(time.process_time() - start)
        assert abs(found[-1]) < found[0]
        print(f"{neighbours} neighbours, {name}, {matrix.nnz} numbers: {min(times):.2f} s")
