/** Who wants how much, and how evenly it was given. Pure. */

/** (Σx)² ÷ (n Σx²): 1 where all got the same, 1/n where one got everything. */
export function jainsIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? NaN : (sum * sum) / (shares.length * squares);
}

/** Zipf: the n-th tenant wants 1/n of what the first one wants; at least one file each. */
export function toDemands(tenants: number, files: number): number[] {
  const harmonic = Array.from({ length: tenants }, (_, at) => 1 / (at + 1)).reduce((sum, part) => sum + part, 0);
  const demands = Array.from({ length: tenants }, (_, at) => Math.max(1, Math.floor(files / harmonic / (at + 1))));
  const rest = files - demands.reduce((sum, demand) => sum + demand, 0);
  demands[0] = (demands[0] ?? 0) + rest;
  return demands;
}
