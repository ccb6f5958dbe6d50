// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Synchronization

/// The machines of a site in an `EventLoop`: messages take time and get lost, operations take time, and everything
/// that takes effect is watched.
package final class VirtualSite: Sendable {
  package let loop: EventLoop
  let state: Mutex<State>
  let sabotage: Sabotage?

  struct Connection: Hashable { var process: String, host: HostID }
  struct Turn: Hashable {
    var host: HostID, operation: AnyOperation

    /// Not of all that a file holds.
    func hash(into hasher: inout Hasher) {
      hasher.combine(host)
      hasher.combine(operation.target)
    }
  }

  struct State {
    var world: FakeWorld
    var conditions = NetworkConditions.calm
    /// Who cannot reach whom.
    var broken: Set<Connection> = []
    /// Operations in progress, and those who asked for the very same meanwhile.
    var turns: [Turn: [@Sendable () -> Void]] = [:]
    var random: SplitMix
    var story = Story()
    var watch: Watch
    let epoch: Int
  }

  /// - Parameter bootSeconds: how long nodes take to come up. Nil: that is drawn.
  package init(
    _ world: FakeWorld, in loop: EventLoop, seed: UInt64, watching watch: Watch = Watch(),
    sabotaging sabotage: Sabotage? = nil, bootSeconds: Int? = nil
  ) {
    self.loop = loop
    self.sabotage = sabotage
    var (world, random) = (world, SplitMix(seed: seed))
    world.bootSeconds = bootSeconds ?? 20 + random.below(60)
    world.tellsAtOnce = false
    state = Mutex(State(world: world, random: random, watch: watch, epoch: world.now))
  }

  package var world: FakeWorld { state.withLock { $0.world } }
  package var story: Story { state.withLock { $0.story } }
  package var violations: [Violation] { state.withLock { $0.watch.violations } }
  /// Seconds since 1970, by the machines' own clocks.
  package var now: Int { state.withLock { $0.epoch } + Int(loop.now / .seconds(1)) }

  package func tell(_ event: StoryEvent) { state.withLock { $0.story.add(event, at: loop.now) } }

  func watch<Value: Sendable>(_ body: @Sendable (inout Watch) -> Value) -> Value { state.withLock { body(&$0.watch) } }

  /// Events that come over the site by themselves, or by an administrator.
  package func change(_ words: String, _ body: @Sendable (inout FakeWorld) -> Void) {
    tell(.fate(words))
    alter { state in
      state.world.hear()
      body(&state.world)
    }
  }

  package func setConditions(_ conditions: NetworkConditions) { state.withLock { $0.conditions = conditions } }

  package func breakConnection(from process: String, to host: HostID) {
    tell(.fate("\(process) cannot reach \(host) any more"))
    state.withLock { _ = $0.broken.insert(Connection(process: process, host: host)) }
  }

  package func restoreConnection(from process: String, to host: HostID) {
    let was = state.withLock { $0.broken.remove(Connection(process: process, host: host)) }
    if was != nil { tell(.fate("\(process) can reach \(host) again")) }
  }

  func alter<Value: Sendable, Problem: Error>(
    _ body: (inout State) throws(Problem) -> Value
  ) throws(Problem) -> Value {
    let seconds = Int(loop.now / .seconds(1))
    let result = state.withLock { state -> Result<Value, Problem> in
      state.world.now = state.epoch + seconds
      state.world.comeUp()
      state.watch.looked(at: state.world)
      do throws(Problem) { return .success(try body(&state)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

/// The faults that may happen to any message on its way, and how fast machines are.
package struct NetworkConditions: Sendable {
  /// The connection breaks before the request arrives.
  package var lostRequests = 0.0
  /// The connection breaks before the reply arrives: what was asked for goes on.
  package var lostReplies = 0.0
  /// The request arrives a second time, a little later.
  package var duplicates = 0.0
  /// How often a message takes much longer than usual.
  package var delays = 0.0
  /// Machines that take so many times as long for everything.
  package var slow: [HostID: Double] = [:]

  package init() {}

  package static let calm = NetworkConditions()
}

/// Sabotages the machines of a site: what an operation has done is changed as it ends, together with what
/// the host says of it. It shows that the rules notice.
package typealias Sabotage =
  @Sendable (
    _ operation: AnyOperation, _ host: HostID, _ world: inout FakeWorld, _ outcome: inout Outcome
  ) -> Void
