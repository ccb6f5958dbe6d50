// SPDX-License-Identifier: Apache-2.0

/// What a machine's BMC says of its power.
package enum PowerState: String, Hashable, Codable, Sendable { case on, off }
