// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Lab

struct LeaseTests {
  @Test func readsWhatUdhcpcHandsToItsScript() throws {
    let lease = try #require(
      DHCPLease(
        environment: """
          interface=eth0
          ip=10.1.1.3
          subnet=255.255.0.0
          mask=16
          router=10.1.0.10 10.1.0.11
          siaddr=10.1.0.10
          boot_file=undionly.kpxe
          hostname=node3

          """))

    #expect(lease.address == "10.1.1.3")
    #expect(lease.prefix == 16)
    #expect(lease.router == "10.1.0.10")
    #expect(lease.bootFile == "undionly.kpxe")
    #expect(lease.server == "10.1.0.10")
  }

  @Test func nothingWithoutAnAddress() {
    #expect(DHCPLease(environment: "interface=eth0\n") == nil)
  }

  @Test func ofArgumentsGivenTwiceTheLastCounts() {
    let arguments = KernelArguments(["a=1", "quiet", "a=2=3"])

    #expect(arguments["a"] == "2=3")
    #expect(arguments["quiet"] == nil)
  }
}
