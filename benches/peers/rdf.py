"""g(r) of atoms at random in a cube, to 10 Å in 500 bins, with other programs: what `benches/rdf.rs` times.

    python3 benches/peers/rdf.py [ATOMS]

Each of freud (`pip install freud-analysis`), matscipy and scipy's cKDTree that can be imported counts the pairs, on one
thread; the program says which could not. freud and cKDTree give the total only, as one species; matscipy stores all pairs.
Prints the best of three, in seconds.
"""

import sys
import time

import numpy as np

DENSITY, REACH, BINS = 0.08, 10.0, 500


def with_freud(positions, edge):
    import freud

    freud.set_num_threads(1)
    return lambda: freud.density.RDF(BINS, REACH).compute((freud.box.Box.cube(edge), positions - edge / 2)).bin_counts


def with_matscipy(positions, edge):
    from matscipy.neighbours import neighbour_list

    def count():
        distances = neighbour_list("d", positions=positions, cell=np.eye(3) * edge, pbc=[True] * 3, cutoff=REACH)
        return np.histogram(distances, bins=BINS, range=(0.0, REACH))[0]

    return count


def with_ckdtree(positions, edge):
    from scipy.spatial import cKDTree

    def count():
        tree = cKDTree(positions, boxsize=edge)
        edges = np.linspace(0.0, REACH, BINS + 1)
        cumulative = tree.count_neighbors(tree, edges)
        return np.diff(cumulative)

    return count


def main():
    atoms = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    edge = (atoms / DENSITY) ** (1 / 3)
    positions = np.random.default_rng(1).random((atoms, 3)) * edge
    for peer in (with_freud, with_matscipy, with_ckdtree):
        name = peer.__name__.removeprefix("with_")
        try:
            count = peer(positions, edge)
        except ImportError as missing:
            print(f"{name}: not here ({missing})")
            continue
        times = []
        for _ in range(3):
            start = time.perf_counter()
            pairs = int(np.sum(count()))
            times.append(time.perf_counter() - start)
        print(f"{name}: {min(times):.2f} s for {atoms} atoms, {pairs} ordered pairs", flush=True)


if __name__ == "__main__":
    main()
