// SPDX-License-Identifier: Apache-2.0

// Planning: what is to be done, as a pure function of what is wanted, what was seen and what was managed before.
//
// Start at `Planner`. It knows no feature and no kind: the catalog is an argument. There is no clock, no file and no
// `async` here; the same arguments give the same plan, to the byte. Not for executing: that knows only the plan.
