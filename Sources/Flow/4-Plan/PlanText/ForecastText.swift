// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The interruptions and the duration of a plan, in a few lines below the summary.
struct ForecastText {
  /// More services than these are counted.
  private static let most = 6

  let forecast: PlanForecast
  let full: Bool

  init(_ forecast: PlanForecast, full: Bool) {
    self.forecast = forecast
    self.full = full
  }

  var lines: [String] {
    if forecast.steps == 0 { return [] }
    return interruptions + [total]
  }

  private var interruptions: [String] {
    if forecast.interruptions.isEmpty { return ["Interrupts nothing."] }
    // Services with the same figures are said in one line.
    var order: [PlanForecast.Interruption] = []
    var services: [[String]] = []
    for interruption in forecast.interruptions {
      var rest = interruption
      rest.service = ""
      if let place = order.firstIndex(of: rest) {
        services[place].append(interruption.service)
      } else {
        order.append(rest)
        services.append([interruption.service])
      }
    }
    let shown = full ? order.count : min(order.count, Self.most)
    var lines = zip(services, order).prefix(shown).map { names, interruption in
      "Interrupts \(shortened(names.joined(separator: ", "))): \(Self.words(interruption))"
    }
    if shown < order.count { lines.append("Interrupts \(order.count - shown) more.") }
    return lines
  }

  private func shortened(_ names: String) -> String {
    full || names.utf8.count <= 80 ? names : names.prefix(72) + "…"
  }

  /// `about 1 s (default)`.
  static func words(_ interruption: PlanForecast.Interruption) -> String {
    guard let seconds = interruption.seconds else { return "from then on" }
    let several = interruption.isForEachMachine ? " each" : " in all, \(interruption.times) times"
    let times = interruption.times > 1 ? several : ""
    return "about \(duration(seconds))\(times) (\(interruption.basis))"
  }

  private var total: String {
    let past = forecast.stepsFromPast
    let basis =
      past == 0
      ? "defaults" : past == forecast.steps ? "past runs" : "\(past) of \(forecast.steps) steps from past runs"
    return "Takes about \(Self.duration(forecast.totalSeconds)) (\(basis))."
  }

  /// `4 s`, `12 min`, `3.5 h`: what a forecast is good for.
  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<1: "1 s"
    case ..<90: "\(Int(seconds.rounded())) s"
    case ..<5400: "\(Int((seconds / 60).rounded())) min"
    default: "\((seconds / 360).rounded() / 10) h"
    }
  }
}
