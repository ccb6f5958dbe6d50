// SPDX-License-Identifier: Apache-2.0

// Execution: one attempt at a plan. Journaled, bounded, cancellable.
//
// Start at `Executor`. What runs next is decided by `RunProgress`, a value without tasks; the executor only carries
// its decisions out. After a crash nothing is replayed: the caller observes and plans afresh, and the journal tells
// what the last run was doing. Knows values and hosts, not how plans are made.
