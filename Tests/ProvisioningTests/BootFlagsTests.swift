// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AgentServer

/// The boot flags that a BMC shows after the order to boot over the network.
@Suite struct BootFlagsTests {
  @Test func theFlagsAreReadFromTheRawAnswer() throws {
    // ipmi_sim's own, after `chassis bootdev pxe` and after the same with `options=efiboot`: it keeps the device alone.
    let kept = try #require(IPMIBootFlags(" 01 05 00 04 00 00 00\n"))
    #expect(kept.device == 1 && !kept.isUEFI)
    #expect(kept.difference(uefi: false) == nil)
    #expect(kept.difference(uefi: true) == nil)
    let legacy = IPMIBootFlags(" 01 05 80 04 00 00 00")
    #expect(legacy?.difference(uefi: true) == "shows a legacy boot for a machine that starts by UEFI")
    #expect(legacy?.difference(uefi: false) == nil)

    let uefi = try #require(IPMIBootFlags(" 01 05 a0 04 00 00 00"))
    #expect(uefi.difference(uefi: true) == nil && uefi.difference(uefi: false) == nil)
    #expect(IPMIBootFlags(" 01 05 80 08 00 00 00")?.difference(uefi: false) == "shows device 2 for the next boot")
  }

  @Test(arguments: ["", "01", "01 05 zz 04", "01 04 00 04 00", "Unable to send RAW command"])
  func whatIsNoAnswerIsNone(_ text: String) { #expect(IPMIBootFlags(text) == nil) }
}
