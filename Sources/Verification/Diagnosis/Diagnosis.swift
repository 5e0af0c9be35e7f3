import Bytes

/// A known fault that explains why a candidate fails, and the effect of correcting it in a run.
public struct Diagnosis: Sendable, Hashable {
  /// The fault.
  public let fault: FaultID
  /// The tensor or the hyperparameter that is at fault.
  public let subject: Finding.Subject
  /// Other tensors with the same fault.
  public let otherSubjects: [Finding.Subject]
  /// The fault in words.
  public let words: String
  /// The name of the correction: `correcting it`.
  let correctionWords: String
  /// The part of the pass that was run again: `layer 3`, `the logits`.
  public let stage: String
  /// The normalized mean square error of the stage, given the reference's input and the reference's other tensors: with
  /// the suspects as they are, and with the correction.
  public let error: Double, correctedError: Double

  /// Whether the correction removes at least nine tenths of the error; storage formats cause the rest.
  public var isConfirmed: Bool { error > 0 && correctedError <= error / 10 }

  /// The diagnosis as a finding, with the outcome of the run.
  public var finding: Finding {
    let effect = "the error of \(stage) from \(error.metricText) to \(correctedError.metricText)"
    let proof =
      if isConfirmed {
        "\(correctionWords) reduces \(effect)"
      } else if error == 0 {
        "it does not change \(stage) on these tokens"
      } else {
        "\(correctionWords) changes \(effect), so there is another cause"
      }
    return Finding(.error, "verify.diagnosis", subject, "\(words)\(others): \(proof)")
  }

  /// The other subjects: all if they are few.
  private var others: String {
    switch otherSubjects.count {
    case 0: ""
    case ...3: " (also \(otherSubjects.map(\.description).joined(separator: ", ")))"
    default: " (also \(otherSubjects[0]) and \((otherSubjects.count - 1).grouped) others)"
    }
  }

  var json: JSON {
    .members([
      "fault": .string(fault.rawValue), "subject": .string(subject.description),
      "other_subjects": .array(otherSubjects.map { .string($0.description) }), "message": .string(words),
      "stage": .string(stage), "nmse": .real(error), "corrected_nmse": .real(correctedError),
      "confirmed": .bool(isConfirmed),
    ])
  }
}
