// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Foundation
import SpecReading
import TestKit
import Testing

@Test func theExampleIsValid() throws {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let bytes = Array(try Data(contentsOf: root.appending(path: "cluster.yaml")))

  let reading = SpecReader.read(bytes, file: "cluster.yaml")

  let text = DiagnosticRenderer(sources: [SourceText(file: "cluster.yaml", bytes: bytes)]).render(reading.diagnostics)
  #expect(text == "")
  let cluster = try #require(reading.cluster)
  #expect(cluster.nodes.map(\.name.name) == ["node001", "node002", "node003", "node004"])
  #expect(cluster.nodes.last?.nics.first?.mac?.description == "52:54:00:11:00:04")
  #expect(cluster.heads.map(\.name.name) == ["head1", "head2"])
}
