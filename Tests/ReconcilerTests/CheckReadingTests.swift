// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecReading
import Testing
import Wings

/// Checks as authors of sets write them, and mistakes in them, with their places.
@Suite struct CheckReadingTests {
  private static let file = "packages/a/tests/local.yaml"

  private func problems(_ text: String, _ more: [String: String] = [:]) throws -> [String] {
    try CheckedSets(["a/tests/local.yaml": text].merging(more) { first, _ in first }).problems
  }

  @Test func aCheckIsReadWithItsDefaults() throws {
    let sets = try CheckedSets([
      "a/tests/local.yaml": "summary: It works.\nrun: [probe, \"{{ set.port }}\"]\non: pair\n",
      "a/tests/data/hello.sh": "#!/bin/sh\necho hello\n",
      "a/tests/speed.yaml": """
      summary: It is fast.
      script: data/hello.sh
      arguments: ["{{ peer.address }}"]
      as: user
      on: pair
      expect: { status: 1, output: "^h", number: { minimum: 9.5 }, same: true }
      needs: [local, b/other]
      timeout: 5m
      remediation: Look at the switch.
      kind: health

      """,
      "b/tests/other.yaml": "summary: Other.\nrun: [true]\non: heads\n",
    ])
    #expect(sets.problems == [])
    let checks = try #require(sets.cluster.sets.first?.checks)
    #expect(checks.map(\.id.description) == ["a/local", "a/speed"])
    #expect(checks[0].seconds == 30 && checks[0].account == .root && checks[0].kind == .cluster)
    #expect(checks[0].expectation == CheckExpectation())
    #expect(checks[1].seconds == 300 && checks[1].needs.map(\.id) == [CheckID("a", "local"), CheckID("b", "other")])
    #expect(
      checks[1].expectation
        == CheckExpectation(status: 1, output: "^h", number: .init(minimum: 9.5, maximum: nil), same: true))
    guard case .script(let script, let words) = checks[1].program else {
      Issue.record("it is a script")
      return
    }
    #expect(script.path == "packages/a/tests/data/hello.sh" && words.count == 1)
  }

  @Test(arguments: [
    ("summary: A.\nrun: [x]\non: heads\nexpected: 1\n", "spec.unknown-key F:4:1: `expected` is not a key of a check."),
    ("summary: A.\nrun: [x]\non: head\n", "spec.unknown-choice F:3:5: `head` is not a place for checks."),
    ("summary: A.\nrun: [x]\n", "spec.missing-key F:1:1: `on` is missing from a check."),
    ("summary: A.\non: heads\n", "spec.missing-key F:1:1: A check needs `run` or `script`."),
    ("summary: A.\nrun: [x]\nscript: y\non: heads\n", "spec.no-effect F:3:1: `run` and `script` are both there."),
    (
      "summary: A.\nscript: data/x.sh\non: heads\n",
      "spec.missing-file F:2:9: The script `data/x.sh` of this check is not there."
    ),
    (
      "summary: A.\nrun: [x, \"a {{ set.prot }}\"]\non: heads\n",
      "spec.template F:2:16: `set` has no `prot`."
    ),
    (
      "summary: A.\nrun: [x, \"{{ peer.name }}\"]\non: heads\n",
      "spec.template F:2:14: There is no `peer` here."
    ),
    (
      "summary: A.\nrun: [x]\non: heads\nexpect: { output: \"a(b\" }\n",
      "spec.bad-pattern F:4:19: `a(b` cannot be read, character 2: This `(` is never closed."
    ),
    (
      "summary: A.\nrun: [x]\non: heads\nexpect: { number: { minimum: 2, maximum: 1 } }\n",
      "spec.bad-number F:4:42: No number is in this range."
    ),
    (
      "summary: A.\nrun: [x]\non: pair\nas: job\n", "spec.no-effect F:3:5: A job does not run on `pair`."
    ),
    (
      "summary: A.\nrun: [x]\non: heads\nneeds: [lcoal]\n",
      "spec.check-needs F:4:9: The set `a` has no check `lcoal`."
    ),
    ("summary: A.\nrun: [x]\non: heads\nneeds: [b/x]\n", "spec.check-needs F:4:9: The set `b` is not on."),
    (
      "summary: A.\nrun: [x]\non: heads\nneeds: [local]\n",
      "spec.check-needs F:4:9: These checks need each other: a/local → a/local."
    ),
    (
      "summary: A.\nrun: [x]\non: heads\ntimeout: 0s\n",
      "spec.bad-duration F:4:10: `timeout` is not between 1s and 24h."
    ),
    (
      "summary: A.\nrun: [x]\non: pair\nkind: ready\n",
      "spec.check-ready F:3:5: Nodes run this check by themselves, so `pair` says nothing."
    ),
    (
      "summary: A.\nrun: [x]\non: each node\nas: user\nkind: ready\n",
      "spec.check-ready F:4:5: Nodes run this check by themselves, as root."
    ),
    (
      "summary: A.\nrun: [x]\non: each node\nexpect: { same: true }\nkind: ready\n",
      "spec.check-ready F:4:9: Nodes run this check by themselves, and judge its status alone."
    ),
    (
      "summary: A.\nrun: [x]\non: each node\ntimeout: 30s\nkind: ready\n",
      "spec.check-ready F:4:10: Nodes run this check by themselves, and are not ready before it ends."
    ),
  ])
  func mistakesAreShownInTheirFile(_ text: String, _ expected: String) throws {
    #expect(try problems(text) == [expected.replacing(" F:", with: " \(Self.file):")])
  }

  @Test func aCircleIsToldOnce() throws {
    func check(_ need: String) -> String { "summary: A.\nrun: [x]\non: heads\nneeds: [\(need)]\n" }
    let sets = try CheckedSets([
      "a/tests/one.yaml": check("two"), "a/tests/two.yaml": check("b/three"), "b/tests/three.yaml": check("a/one"),
      "a/tests/zero.yaml": check("one"),
    ])
    #expect(
      sets.problems == [
        "spec.check-needs packages/b/tests/three.yaml:4:9: These checks need each other: a/one → a/two → b/three → a/one."
      ])
  }

  @Test func variablesAreOfTheirTypes() throws {
    let cluster = try CheckedSets(["a/tests/local.yaml": "summary: A.\nrun: [x]\non: pair\n"]).cluster
    let set = try #require(cluster.sets.first)
    let types = CheckVariables.types(["port": .number], hasPeer: true)
    let machines = CheckMachine.all(in: cluster)
    let values = CheckVariables.values(
      cluster.values(of: set), on: machines["head1"], peer: machines["node001"])
    #expect(Set(values.keys) == Set(types.keys))
    for (name, type) in types { #expect(values[name].map(type.fits) == true, "\(name)") }
  }

  @Test func aConditionIsAFlagOfNodes() throws {
    let set = """
      summary: A set.
      settings:
        jobs: { type: flag, per: node, default: true, doc: Whether it takes jobs. }
        size: { type: number, default: 1, doc: A size. }

      """
    func told(_ condition: String, on place: String = "each node") throws -> [String] {
      let check = "summary: It works.\nrun: [probe]\non: \(place)\nwhere: \(condition)\n"
      return try CheckedSets(["a/set.yaml": set, "a/tests/c.yaml": check]).problems
    }
    #expect(try told("jobs") == [] && told("a/jobs") == [])
    let file = "packages/a/tests/c.yaml"
    #expect(
      try told("size") == [
        "spec.check-needs \(file):4:8: The set `a` has no flag `size` that differs between nodes."
      ])
    #expect(try told("b/jobs") == ["spec.check-needs \(file):4:8: The set `b` is not on."])
    #expect(try told("jobs", on: "heads") == ["spec.no-effect \(file):4:8: `where` says nothing about heads."])
    #expect(try told("Jobs!").first?.hasPrefix("spec.bad-name \(file):4:8:") == true)
  }
}
