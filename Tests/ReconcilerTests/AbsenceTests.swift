// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess
import Pacemaker
import Testing
import Wings

@testable import Reconciler

/// What head1 knows of head2, which does not answer.
@Suite struct AbsenceTests {
  private func absence(
    members: [String]? = ["head1"], quorate: Bool = true, clone: CloneRecord? = nil, asked: Bool = true,
    power: PowerState? = .on, online: Bool = false, heard: Bool = false, unclean: Bool = false, pacemaker: Bool = true
  ) async throws -> Absence {
    let cluster = try await FakeSite().reconciler().cluster
    let head = try #require(cluster.heads.first { $0.name == "head2" })
    let bmc = try #require(head.bmc)
    let address = try #require(HeadClones.address(of: head, cluster))
    var answers = [
      LinksProbe().answered([]), SSHPortProbe(address).answered(heard),
      CorosyncProbe().answered(
        members.map { CorosyncState(quorate: quorate, links: [], encrypted: true, members: $0) }),
    ]
    if asked { answers.append(CloneProbe("head2").answered(clone)) }
    if let power { answers.append(PowerProbe(bmc).answered(power)) }
    let status = """
      <pacemaker-result api-version="2.25"><summary><current_dc present="true" with_quorum="\(quorate)"/>\
      <cluster_options stonith-enabled="true" maintenance-mode="false"/></summary><nodes>\
      <node name="head1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" \
      unclean="false"/><node name="head2" online="\(online)" standby="false" standby_onfail="false" \
      maintenance="false" pending="false" unclean="\(unclean)"/></nodes><resources/><failures/></pacemaker-result>
      """
    answers.append(CrmMonProbe().answered(pacemaker ? status : nil))
    let host = Inventory.Host.answered(Dictionary(uniqueKeysWithValues: answers))
    return HighAvailability.witness(cluster).judge("head2", Inventory(hosts: ["head1": host], observedAt: 0))
  }

  private let installed = CloneRecord(head: "head2", capture: "3f2a", installedAt: 0)

  private func mayHold(_ absence: Absence) -> Bool { if case .mayHold = absence { true } else { false } }

  @Test func aMemberOfTheClusterIsUpWhateverElseIsSaid() async throws {
    #expect(mayHold(try await absence(members: ["head1", "head2"], power: .off, online: true)))
  }

  @Test func oneThatIsOffCannotHoldALease() async throws {
    #expect(try await absence(clone: installed, power: .off) == .cannotHold)
  }

  @Test func oneThatWasNeverInstalledCannotHoldALease() async throws {
    #expect(try await absence(members: nil, power: nil, pacemaker: false) == .cannotHold)
  }

  @Test func oneThatAnotherHearsIsThere() async throws {
    #expect(mayHold(try await absence(members: nil, power: nil, heard: true, pacemaker: false)))
  }

  @Test func oneThatWasFencedHasLeft() async throws {
    #expect(try await absence(clone: installed) == .hasLeft)
  }

  @Test func oneThatFailedAndIsNotFencedYetMayHoldALease() async throws {
    #expect(mayHold(try await absence(clone: installed, unclean: true)))
  }

  @Test func withoutQuorumNobodyKnows() async throws {
    #expect(mayHold(try await absence(quorate: false, clone: installed)))
  }

  @Test func withoutPacemakerNobodyKnows() async throws {
    #expect(mayHold(try await absence(clone: installed, pacemaker: false)))
    #expect(mayHold(try await absence(members: nil, clone: installed, power: nil, pacemaker: false)))
  }

  @Test func whoWasNotAskedSaysNothing() async throws {
    #expect(mayHold(try await absence(members: nil, asked: false, power: nil, pacemaker: false)))
  }
}
