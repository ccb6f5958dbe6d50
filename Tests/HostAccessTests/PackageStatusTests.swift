// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AgentServer

@Suite struct PackageStatusTests {
  private static let list = """
    Package: adduser
    Status: install ok installed
    Priority: important
    Description: add and remove users and groups
     Version: 0 is said here, and is not a field
    Version: 3.134

    Package: removed
    Status: deinstall ok config-files
    Version: 1.0

    Package: halfway
    Status: install ok half-configured
    Version: 2.0

    Package: wanted
    Version: 1:2.3-4+deb12u1
    Status: hold ok installed
    """

  @Test func versionsAreOfWhatIsInstalled() {
    let names: Set = ["adduser", "removed", "halfway", "wanted", "unknown"]

    #expect(
      PackageStatus.versions(names, in: Array(Self.list.utf8)) == ["adduser": "3.134", "wanted": "1:2.3-4+deb12u1"])
    #expect(PackageStatus.versions(["adduser"], in: Array((Self.list + "\n\n").utf8)) == ["adduser": "3.134"])
    #expect(PackageStatus.versions(["adduser"], in: []) == [:])
  }
}
