// SPDX-License-Identifier: Apache-2.0

// Observation: asks probes of hosts and collects what they say into an `Inventory`.
//
// Start at `Observer`. A host that does not answer is recorded with its reason; nothing is thrown, and nothing is
// taken to be absent because it could not be seen. Observing changes no host and makes no secret.
