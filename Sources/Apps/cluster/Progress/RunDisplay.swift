// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Foundation
import Planning
import Synchronization

/// Progress on standard error: a table that is redrawn in place on a terminal, plain lines elsewhere; and, where it is
/// asked for, each event as a line of JSON in a file.
final class RunDisplay: Sendable {
  private struct State {
    var view: RunView
    var table = LiveTable()
    var isClosed = false
    var timers: [Task<Void, Never>] = []
  }

  private let state: Mutex<State>
  private let began = ContinuousClock.now
  private let isLive: Bool
  private let log: EventLog?

  init(steps: Int, estimate: RunEstimate?, isLive: Bool, log: EventLog?) {
    state = Mutex(State(view: RunView(steps: steps, estimate: estimate)))
    self.isLive = isLive
    self.log = log
    // Elapsed times and the terminal's size change without events.
    let redrawing = every(.milliseconds(250)) { $0.redraw() }
    // A reader of the log must see that the run is alive.
    let beating = every(.seconds(5)) { $0.beat() }
    state.withLock { $0.timers = [redrawing, beating] }
  }

  private func every(_ time: Duration, _ body: @escaping @Sendable (RunDisplay) -> Void) -> Task<Void, Never> {
    Task { [weak self] in
      while true {
        do { try await ContinuousClock().sleep(for: time) } catch { return }
        guard let self else { return }
        body(self)
      }
    }
  }

  private var now: Double { (ContinuousClock.now - began) / .seconds(1) }

  func show(_ event: RunEvent) {
    let now = now
    log?.write(event, at: now)
    state.withLock { state in
      let isWorthALine = state.view.take(event, at: now)
      if state.isClosed { return }
      let isShown = isWorthALine && (!isLive || event.staysOnTheScreen)
      let lines = isShown ? state.view.lines(for: event).map { RunView.timed($0, at: now) } : []
      if isLive { draw(&state, above: lines, now) } else { lines.forEach(Terminal.note) }
    }
  }

  /// Takes the table away; nothing is drawn after this. What is still in flight.
  @discardableResult
  func close() -> [StepID] {
    state.withLock { state in
      state.timers.forEach { $0.cancel() }
      if !state.isClosed { Terminal.draw(state.table.end(columns: Terminal.size.columns)) }
      state.isClosed = true
      return state.view.running.map(\.step.id)
    }
  }

  /// A line above the table, or in its turn.
  func note(_ line: String) {
    let now = now
    state.withLock { state in
      if isLive && !state.isClosed { draw(&state, above: [line], now) } else { Terminal.note(line) }
    }
  }

  private func redraw() {
    let now = now
    state.withLock { state in if isLive && !state.isClosed { draw(&state, above: [], now) } }
  }

  private func beat() {
    let now = now
    let view = state.withLock { $0.isClosed ? nil : $0.view }
    if let view { log?.beat(view, at: now) }
  }

  private func draw(_ state: inout State, above: [String], _ now: Double) {
    let size = Terminal.size
    let lines = state.view.table(at: now, columns: size.columns, rows: size.rows, colour: Terminal.errorColour)
    Terminal.draw(state.table.frame(above: above, lines, columns: size.columns))
  }
}

extension RunEvent {
  /// Worth keeping above the table: what a person must not miss. The rest is in the table while it lasts.
  fileprivate var staysOnTheScreen: Bool {
    switch self {
    case .foundInterrupted, .began, .retrying, .unconfirmed, .lockHeld, .waiting, .headSilent, .without, .blocked,
      .leaseInDoubt, .stopping:
      true
    case .finished(let report): !report.succeeded || report.seconds >= 1
    case .started, .progress, .expecting, .ended: false
    }
  }
}

/// The escape sequences that redraw a few lines at the bottom of a terminal in place. A value: frames in, bytes out.
///
/// A frame is one write, between the marks of synchronized output, which terminals that do not know them ignore; so
/// nothing flickers. Lines above it scroll away as usual.
struct LiveTable {
  /// The lines that are on the screen now.
  private var shown: [Int] = []
  private var isHidden = false

  /// Lines to print above, and the frame below them.
  /// - Parameter columns: the terminal's width now; lines of the last frame have been wrapped to it.
  mutating func frame(above: [String], _ lines: [String], columns: Int) -> String {
    var text = "\u{1b}[?2026h" + (isHidden ? "" : "\u{1b}[?25l") + erase(columns)
    isHidden = true
    let lines = lines.map(\.visibleOnTerminal)
    for line in above { text += line.visibleOnTerminal + "\n" }
    for line in lines { text += line + "\n" }
    shown = lines.map { Self.width($0) }
    return text + "\u{1b}[?2026l"
  }

  /// Takes the frame away and shows the cursor again.
  mutating func end(columns: Int) -> String {
    guard isHidden else { return "" }
    let text = erase(columns) + "\u{1b}[?25h"
    shown = []
    isHidden = false
    return text
  }

  private func erase(_ columns: Int) -> String {
    let rows = shown.map { max(1, ($0 + columns - 1) / max(1, columns)) }.reduce(0, +)
    return (rows > 0 ? "\u{1b}[\(rows)A" : "") + "\r\u{1b}[J"
  }

  /// Characters, without colours.
  private static func width(_ line: String) -> Int {
    var (count, inEscape) = (0, false)
    for character in line {
      if character == "\u{1b}" { inEscape = true } else if inEscape { inEscape = character != "m" } else { count += 1 }
    }
    return count
  }
}
