// SPDX-License-Identifier: Apache-2.0
import Simulation
import Testing

/// Seeds that once broke a rule. What a seed draws changes when something new is drawn; the rule that it broke then has
/// a test of its own where it was mended.
@Suite struct RegressionTests {
  struct Found: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    var what: String
    var testDescription: String { "\(seed): \(what)" }
  }

  static let found = [
    Found(seed: 40, what: "the lease of a dead run was given back while its operation was at work"),
    Found(seed: 166, what: "the lease of a dead run was given back while its operation was at work"),
    Found(seed: 35, what: "an admin machine's clock ahead of a head's made every node silent"),
    Found(seed: 54, what: "an admin machine's clock ahead of a head's made every node silent"),
    Found(seed: 8, what: "a step whose answer was lost was recorded as unchanged"),
    Found(seed: 21, what: "a step whose answer was lost was recorded as unchanged"),
    Found(seed: 409, what: "a later round was refused by the lease of an earlier one, and the run was not recorded"),
    Found(seed: 767, what: "a run began beside the lease that a killed one had on a head that could not be asked"),
    Found(seed: 1498, what: "a run began beside the lease that a killed one had on a head that could not be asked"),
    Found(seed: 7730, what: "a run began beside the lease that a killed one had on a head that could not be asked"),
    Found(seed: 4917, what: "what was dropped while a clone was made came along with its disk"),
    Found(seed: 7280, what: "what was dropped while a clone was made came along with its disk"),
    Found(seed: 1002, what: "a change that was confirmed, and asked for once more, was recorded as unchanged"),
    Found(seed: 373, what: "a run that was refused counted as an executor"),
    Found(seed: 6896, what: "a clone in memory lost the note of a file that had been removed on its original"),
    Found(seed: 105163, what: "a copy of a request outlived the connection that it came over"),
    Found(seed: 27090, what: "a copy of a request that waited for its turn outlived the machine's power"),
    Found(seed: 114, what: "a node restarted while another one was still away"),
    Found(seed: 328406, what: "a node restarted while one was away that nobody heard any more"),
    Found(seed: 1_030_770, what: "a node restarted while one was away that nobody heard any more"),
    Found(seed: 1_442_296, what: "a node restarted while one was away that had been heard half a minute before"),
    Found(seed: 1_462_836, what: "a node restarted while one was away that had been heard half a minute before"),
    Found(seed: 1_492_538, what: "a node restarted while one was away that fell silent together with all others"),
    Found(seed: 1_674_161, what: "a node restarted while one was away that had been heard half a minute before"),
    Found(seed: 1_658_365, what: "a node restarted while one was away that had been heard half a minute before"),
    Found(seed: 1_752_913, what: "a node that the description had dropped counted as away for ever"),
    Found(seed: 601_574, what: "an address was put up by hand that Pacemaker started on the other head"),
    Found(seed: 707_298, what: "a change of the way that took longer than there was to confirm it stayed unguarded"),
    Found(seed: 1_192_461, what: "a step that a later round did not come to was recorded as blocked, and was done"),
    Found(seed: 1_214_328, what: "a step that a later round did not come to was recorded as blocked, and was done"),
    Found(seed: 5317, what: "a head that had lost the nodes' address cycled a node by old news"),
    Found(seed: 2150, what: "a dropped service of the site blocked all where a head was installed anew"),
    Found(seed: 2567, what: "a dropped service of the site blocked all where a head was installed anew"),
  ]

  @Test(arguments: found) func staysMended(_ found: Found) throws {
    let result = try Scenario(seed: found.seed).run()

    #expect(result.violation == nil, "\(result.story.lines.suffix(40).joined(separator: "\n"))")
  }
}
