const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * Measures a bound before and after each run of ours, because the speed of a shared machine drifts.
 * @param {() => Promise<number>} bound
 * @param {() => Promise<number>} ours
 * @returns {Promise<{result: number, bound: number, ratio: number}>} medians
 */
export async function paired(rounds, bound, ours) {
  const bounds = [await bound()];
  const results = [];
  for (let round = 0; round < rounds; round += 1) {
    results.push(await ours());
    bounds.push(await bound());
  }
  const ratios = results.map((result, round) => result / ((bounds[round] + bounds[round + 1]) / 2));
  return { result: median(results), bound: median(bounds), ratio: median(ratios) };
}
