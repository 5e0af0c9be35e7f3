import Bytes

/// The verdict on a conversion: whether the candidate is what its storage formats make of the reference.
///
/// It says nothing about the quality of the candidate, which has a verdict of its own, `Quality`.
public enum ConversionVerdict: String, Sendable, Hashable {
  case passed, failed
  /// Only limits that the user gave were judged, and they are about predictions.
  case notJudged = "not_judged"

  /// The verdict in words.
  public var word: String { self == .notJudged ? "not judged" : rawValue }
}

extension ModelVerification {
  private var conversionErrors: [Finding] {
    findings.filter { $0.severity == .error && !$0.isAboutQuality }
  }

  /// The verdict on the conversion.
  public var conversion: ConversionVerdict {
    if !conversionErrors.isEmpty { return .failed }
    return logits.budget.isGiven && weightPolicy != .judged ? .notJudged : .passed
  }

  /// The verdict on the quality.
  public var quality: Quality { logits.quality }

  /// Whether the candidate stays within the limits that the user gave, or, without any, is not broken.
  public var qualityPasses: Bool {
    !findings.contains { $0.severity == .error && $0.isAboutQuality }
  }

  /// The verdict on the conversion with what it rests on: `passed: 30 of 30 tensors are within …`.
  public var conversionWords: String { "\(conversion.word): \(conversionReason)" }

  /// What the verdict on the conversion rests on.
  var conversionReason: String {
    switch conversion {
    case .failed:
      let first = conversionErrors.first.map { "\($0)" } ?? ""
      let others = conversionErrors.count - 1
      return first + (others > 0 ? " (and \(counted(others, "more error")))" : "")
    case .notJudged: return "--budget limits the quality alone (--weights judges the conversion)"
    case .passed:
      guard weightPolicy == .judged, let weights else {
        return "the predictions are those that its storage formats lead to; weights were not compared"
      }
      let coverage = weights.coverage
      return "\(coverage.comparedTensorCount.grouped) of \(counted(coverage.tensorCount, "tensor"))"
        + " have the values that their storage formats make of the reference"
    }
  }

  /// The verdict on the quality with what it rests on.
  public var qualityWords: String {
    let words = quality.words
    guard logits.budget.isGiven else { return words }
    return words + (qualityPasses ? "; within --budget" : "; beyond --budget")
  }

  /// Both verdicts, as in a report and in a certificate.
  public var verdicts: JSON.Object {
    var quality = quality.json.object ?? [:]
    quality["passes"] = .bool(qualityPasses)
    return [
      "conversion": .members([
        "verdict": .string(conversion.rawValue), "words": .string(conversionWords),
      ]),
      "quality": .object(quality),
    ]
  }
}

extension Finding {
  /// Whether it is about the quality; all other findings of a verification are about the conversion.
  var isAboutQuality: Bool { [Predictions.budgetCheck, Predictions.qualityCheck].contains(check) }
}
