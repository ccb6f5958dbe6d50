// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

/// Regular expressions of checks: they say what others say, and never hang.
@Suite struct TextPatternTests {
  @Test(arguments: [
    ("", "", true), ("a", "bab", true), ("^a", "ba", false), ("^b$", "a\nb\nc", true), ("a|b", "xbx", true),
    ("a(b|c)+d", "abcbd", true), ("a(?:b|c)?d", "ad", true), ("a.c", "a\nc", false), ("^$", "a\n\nb", true),
    ("[0-9]{2,3}%", "42%", true), ("^[0-9]{2,3}%", "4%", false), ("a{2}", "aba", false), ("a{2,}b", "aaaab", true),
    ("[^a-c]", "abc", false), ("[]x]", "]", true), ("[a-]", "-", true), (#"\d+ \w\s\S"#, "12 _ x", true),
    (#"\.\*\{"#, ".*{", true), (#"[\d.]+$"#, "v1.2", true), ("up|", "", true), ("(a*)*b", "b", true),
    ("é", "café", true),
    ("State=(idle|mixed|allocated)", "x\nState=idle y", true), (#"\D"#, "12", false),
  ])
  func findsWhatIsThere(_ pattern: String, _ text: String, _ isFound: Bool) throws {
    #expect(try TextPattern(pattern).isFound(in: text) == isFound)
  }

  @Test(arguments: [
    ("(", 0), ("a)", 1), ("*a", 0), ("a**", 1), ("[a", 0), ("a{3,2}", 1), ("a{x}", 1), ("\\", 0), (#"(\1)"#, 1),
    ("(?=a)", 0), ("[z-a]", 1), ("a{1001}", 1),
  ])
  func mistakesHaveAPlace(_ pattern: String, _ offset: Int) {
    let problem = #expect(throws: TextPattern.Problem.self) { try TextPattern(pattern) }
    #expect(problem?.offset == offset)
  }

  @Test func whatIsTooLargeIsRefused() {
    #expect(throws: TextPattern.Problem.self) { try TextPattern("(((a{1000}){1000}){1000})") }
    #expect(throws: TextPattern.Problem.self) {
      try TextPattern(String(repeating: "(", count: 10_000) + String(repeating: ")", count: 10_000))
    }
  }

  /// Others take longer than the universe for these.
  @Test(.timeLimit(.minutes(1)), arguments: ["(a+)+$", "(a|aa)*c", "(a*)*b", "(.*a){12}z"])
  func nothingHangs(_ pattern: String) throws {
    let text = String(repeating: "a", count: CheckOutput.limit)
    let began = ContinuousClock.now
    _ = try TextPattern(pattern).isFound(in: text)
    #expect(ContinuousClock.now - began < .seconds(20))
  }

  @Test(
    arguments: [
      ("12", 12), ("bw: 9.41 Gb/s", 9.41), ("eth0 -3.5 C", -3.5), ("1-2", 1), ("a1 b2 3", 3), ("2e3 x", 2000),
      ("1.", 1),
      ("none", nil), ("x12y", nil), ("-7", -7),
    ] as [(String, Double?)])
  func theFirstNumberIsNoPartOfAWord(_ text: String, _ number: Double?) {
    #expect(CheckOutput.number(in: text) == number)
  }

  @Test func expectationsSayTheDifference() {
    let range = CheckExpectation.Range(minimum: 9, maximum: 10.5)
    for (expectation, status, output, difference) in [
      (CheckExpectation(), 0, "", nil), (CheckExpectation(), 3, "", "status 3, expected 0"),
      (CheckExpectation(status: 1), 1, "", nil),
      (CheckExpectation(output: "^up"), 0, "down", "`^up` is not in the output"),
      (CheckExpectation(number: range), 0, "9.4 Gb/s", nil),
      (CheckExpectation(number: range), 0, "0.94 Gb/s", "0.94, expected a number from 9 to 10.5"),
      (CheckExpectation(number: range), 0, "fast", "no number in the output, expected a number from 9 to 10.5"),
    ] as [(CheckExpectation, Int32, String, String?)] {
      #expect(expectation.difference(status: status, output: output) == difference)
    }
  }
}
