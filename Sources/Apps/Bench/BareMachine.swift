// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator

/// Machines as they come out of their boxes, with an operating system on the first head and nothing else: the most
/// there can be to plan.
enum BareMachine {
  static func inventory(_ cluster: Cluster, _ questions: [HostID: [AnyProbe]]) -> Inventory {
    let world = FakeWorld(cluster)
    var hosts: [HostID: Inventory.Host] = [:]
    for (host, probes) in questions {
      let secrets = Set(probes.flatMap(\.secrets.refs)).map { ($0, FakeWorld.password($0)) }
      do throws(AgentError) {
        hosts[host] = .answered(
          try world.answers(probes, on: host, Secrets(Dictionary(uniqueKeysWithValues: secrets))))
      } catch { hosts[host] = .unreachable(error) }
    }
    return Inventory(hosts: hosts, observedAt: 0)
  }
}
