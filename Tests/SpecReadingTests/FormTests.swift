// SPDX-License-Identifier: Apache-2.0
@testable import Wings
import Diagnostics
import TestKit
import Testing

@testable import SpecForms
@testable import SpecReading

/// What the reader takes, the schema's pattern takes as well: else an editor would mark good text as wrong.
@Suite struct FormTests {
  private static let samples = [
    "a", "node1", "alps.example.org", "Europe/Zurich", "UTC", "eth0", "enp3s0f1", "br-lan.7", "g++",
    "linux-image-amd64", "x",
    "root", "_admin", "ADMIN", "images/compute", "images/../x", "/etc", "..", "a..b", "../x", "http://10.1.0.254:3142",
    "https://deb.example.org/debian", "http://a@b", "ftp://x", "10.1.0.1", "10.1.0.1+", "010.1.0.1", "10.1.0.256",
    "10.1.0",
    "10.1.0.0/16", "10.1.0.0/31", "10.1.0.0/0", "10.1.250.1-10.1.250.99", "52:54:00:01:00:01", "52-54-00-ab-CD-01",
    "52:54:00:01:00:01+", "52:54", "500ms", "3s", "0s", "03s", "1h", "3", "secret:bmc/head1", "secret:", "secret:a/",
    "hunter2",
    "node[001-064,100]", "rack[1-4]n[01-32]", "login1,login2", "node[1", "", " ", "Node", "a_b", "é", "-a", "a-",
    "10.1.0.1\n",
  ]

  private func check<Value>(_ form: Form<Value>, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let pattern = try #require(Self.pattern(form.schema), sourceLocation: sourceLocation)
    let expression = try Regex(pattern)
    var (taken, refused) = (0, 0)
    for sample in Self.samples {
      var problems = Problems(file: "spec.yaml")
      let node = SpecNode(.scalar(.init(text: sample, plain: false)), .point("spec.yaml", 1, 1), weight: 1)
      let isRead = form.read(node, &problems) != nil
      #expect(isRead == problems.list.isEmpty, "\(form.noun): \(sample)", sourceLocation: sourceLocation)
      if isRead {
        taken += 1
        #expect(sample.wholeMatch(of: expression) != nil, "\(form.noun): \(sample)", sourceLocation: sourceLocation)
      } else {
        refused += 1
      }
    }
    #expect(taken > 0 && refused > 0, sourceLocation: sourceLocation)
  }

  private static func pattern(_ schema: SchemaValue) -> String? {
    guard case .object(let members) = schema else { return nil }
    for member in members where member.key == "pattern" {
      if case .text(let text) = member.value { return text }
    }
    return nil
  }

  @Test func namesFitTheirPatterns() throws {
    try check(Form<String>.label("a name"))
    try check(Form<String>.domain)
    try check(TimeZone.zone)
    try check(Form<String>.interface)
    try check(Form<String>.package)
    try check(Form<String>.account(longest: 16))
    try check(Form<String>.path("a path"))
    try check(Form<String>.url)
    try check(Form.hostlist)
    try check(Form.secret)
  }

  @Test func numbersFitTheirPatterns() throws {
    try check(Form.address)
    try check(Form.counted)
    try check(Form.single)
    try check(Form.network)
    try check(Form.range)
    try check(Form.singleMAC)
    try check(Form.countedMAC)
    try check(Form.duration)
  }
}
