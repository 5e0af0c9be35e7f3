import Bytes
import Models
import Quantization
import Tensors

/// Tensors whose rows are not whole blocks of the intended format, grouped by the format that replaced it.
struct Fallbacks {
  struct Reason: Hashable {
    let wanted: StorageFormat
    let given: StorageFormat
    let rowElementCount: Int
  }

  struct Group {
    let reason: Reason
    var names: [TensorName] = []
    var elementCount = 0
  }

  private(set) var groups: [Group] = []

  mutating func add(_ reason: Reason, _ name: TensorName, elementCount: Int) {
    let index = groups.firstIndex { $0.reason == reason } ?? groups.endIndex
    if index == groups.endIndex { groups.append(Group(reason: reason)) }
    groups[index].names.append(name)
    groups[index].elementCount += elementCount
  }
}

extension Fallbacks.Group {
  /// `2 tensors from "a" on (3.1 % of the parameters) become F16: their rows of 40 elements do not fill blocks of …`.
  func message(parameterCount: Int) -> String {
    let share = (Double(elementCount) / Double(max(1, parameterCount)) * 100).fixed(1)
    let first = names.first?.text.quoted ?? ""
    let (subject, verb, pronoun) =
      names.count == 1
      ? ("tensor \(first)", "becomes", "its") : ("\(names.count.grouped) tensors from \(first) on", "become", "their")
    let blocks = "blocks of \(reason.wanted) (\(reason.wanted.elementsPerBlock) elements)"
    return "\(subject) (\(share) % of the parameters) \(verb) \(reason.given): \(pronoun) rows of "
      + "\(reason.rowElementCount.grouped) elements do not fill \(blocks)"
  }
}
