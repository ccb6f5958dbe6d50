// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecReading
import TestKit
import Testing
import Wings

/// `cluster validate --fix` writes what certainly mends a mistake, and touches no other byte.
@Suite struct CertainFixesTests {
  private static func written(_ text: String) -> (text: String, labels: [String]) {
    let (bytes, fixes) = CertainFixes.write(into: Array(text.utf8), file: "s", keys: WingCatalog.keys)
    return (String(decoding: bytes, as: UTF8.self), fixes.map(\.label))
  }

  private static func errors(_ text: String) -> [String] {
    SpecReader.read(Array(text.utf8), file: "s", keys: WingCatalog.keys).diagnostics
      .filter { $0.severity == .error }.map(\.detail)
  }

  /// A site with one group of nodes; its parts are where mistakes are made.
  private static func site(
    version: String = "1", names: String = "node[1-2]", network: String = "10.0.0.0/8", head: String = "h",
    comment: String = ""
  ) -> String {
    """
    version: \(version) \(comment)
    cluster: c
    domain: d
    networks: { n: { cidr: \(network), serves: [dhcp, boot] } }   \(comment)
    heads: { \(head): { nics: { eth0: { network: n, address: 10.0.0.1 } } } }
    images: { i: { release: debian/bookworm } }
    nodes:
      - { names: \(names), image: i, nics: { eth0: { network: n, address: 10.0.1.1+, mac: 52:54:00:00:00:01+ } } }

    """
  }

  @Test func whatIsCertainIsWrittenAndNothingElse() throws {
    let wrong: [(String, String)] = [
      ("\"1\"", "1"), ("\"R01-C01-N[01-02]\"", "\"r01-c01-n[01-02]\""), ("10.0.0.9/8", "10.0.0.0/8"),
      ("Head_1", "head-1"),
    ]
    var random = SeededGenerator()
    for _ in 0..<100 {
      let picks = wrong.map { _ in Bool.random(using: &random) }
      let values = zip(wrong, picks).map { pair, isWrong in isWrong ? pair.0 : pair.1 }
      let right = wrong.map(\.1)
      let comment = ["", "# Größe ∞", "# R01-C01-N[01-02]"].randomElement(using: &random) ?? ""
      func text(_ values: [String]) -> String {
        let text = Self.site(
          version: values[0], names: values[1], network: values[2], head: values[3], comment: comment)
        return random.seed % 2 == 0 ? text.replacing("\n", with: "\r\n") : text
      }
      #expect(Self.errors(text(right)).isEmpty)
      #expect(Self.written(text(values)).text == text(right), "seed \(random.seed)")
    }
  }

  /// A guess is shown, and not written; nor is the name of a secret, which nobody but its owner knows.
  @Test func guessesAreNotWritten() {
    for text in [
      Self.site() + "acess: {}\n", Self.site().replacing("release:", with: "relase:"),
      Self.site().replacing("10.0.0.1 }", with: "10.0.0.1 }, bmc: { address: 10.1.0.1, user: a, password: hunter2 }"),
    ] {
      #expect(!Self.errors(text).isEmpty)
      #expect(Self.written(text) == (text, []))
    }
  }

  @Test func whatItCannotMendStays() {
    let text = Self.site(names: "\"n1.example.org,n2.example.org\"")
    #expect(Self.written(text) == (text, []))
    #expect(Self.errors(text) == ["`n1.example.org,n2.example.org` has a domain in it."])
  }
}
