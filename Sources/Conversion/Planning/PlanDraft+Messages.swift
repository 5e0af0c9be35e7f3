import Bytes
import Models
import Tensors

extension PlanDraft {
  /// Adds the messages from opening the model.
  mutating func noteInput() {
    messages += model.remarks.map(PlanMessage.note)
    if !keepsAllTensors { messages += model.padding.map { .note($0.description) } }
    messages += model.checkpoint.remarks.map(PlanMessage.warning)
    noteAppliedTransforms()
  }

  /// Whether the output departs from that of llama.cpp's converter here, which the plan then lists.
  ///
  /// If the request asks for the converter's bytes, the plan warns of the effect instead.
  ///
  /// - Parameter message: what changes in this output, in one line.
  mutating func departs(_ departure: Departure, _ message: String) -> Bool {
    switch request.departures {
    case .apply:
      departures.append(PlannedDeparture(departure: departure, message: message))
      return true
    case .omit:
      messages.append(
        .warning("\(departure.rawValue) is off: \(departure.plainEffect)"))
      return false
    }
  }

  /// Warns where the values show other transforms than the names declare.
  private mutating func noteAppliedTransforms() {
    for finding in model.appliedTransforms.findings where finding.isSurprising {
      let words = finding.words(scheme: model.scheme.name)
      guard finding.source == .values else {
        messages.append(.note(words))
        continue
      }
      let other = "--has-transform \(finding.transform.rawValue)=\(finding.isDeclared ? "yes" : "no")"
      if keepsNames {
        messages.append(.warning("\(words); quantize does not change layouts (convert fixes this)"))
      } else {
        messages.append(.warning("\(words); they are read so (pass \(other) if that is wrong)"))
      }
    }
  }

  /// Adds the tensors that are left out: by name, or where many go for one reason the first and their count.
  mutating func noteDropped() {
    var counts: [String: Int] = [:]
    for tensor in dropped { counts[tensor.reason, default: 0] += 1 }
    for tensor in dropped {
      guard let count = counts[tensor.reason] else { continue }
      if count > Self.namedDropCount {
        counts[tensor.reason] = nil
        messages.append(
          .note("\(count.grouped) tensors from \(tensor.name.text.quoted) on are left out: \(tensor.reason)"))
      } else {
        messages.append(.note("tensor \(tensor.name.text.quoted) is left out: \(tensor.reason)"))
      }
    }
  }

  /// Up to this many tensors that are left out for one reason are named one by one.
  private static let namedDropCount = 100
}
