import Bytes

/// A known fault that explains why a candidate is off, and what a run with the correction showed.
public struct Diagnosis: Sendable, Hashable {
  /// The kinds of fault that are known.
  public enum Cause: String, Sendable, Hashable, CaseIterable {
    /// Queries or keys lack the rotary permutation of their naming scheme, or have it once too often.
    case rotaryPermutation = "rotary_permutation"
    /// The weights of a norm are off by one: Gemma's are stored with and without the 1.
    case normOffset = "norm_offset"
    /// A vector is a multiple of what it should be.
    case scale
    /// A square matrix is transposed.
    case transposed
    /// Two tensors stand in each other's place.
    case swapped
    /// The output matrix is tied to the token embedding on one side alone.
    case tiedOutput = "tied_output"
    /// The base of the rotary embedding differs.
    case rotaryBase = "rotary_base"
    /// Its scaling, or how many elements it turns, differs.
    case rotaryScaling = "rotary_scaling"
    /// The constant in the norms differs.
    case normEpsilon = "norm_epsilon"
    /// Another number of the model differs.
    case numbers
    /// Other weights, in no way that is known.
    case weights
  }

  /// The fault.
  public let cause: Cause
  /// The tensor or the number that is at fault.
  public let place: String
  /// The fault in words.
  public let words: String
  /// Where the correction was tried: `layer 3`, `output`.
  public let stage: String
  /// The normalized mean square error there on the reference's input: as it is, with the correction, and with the
  /// reference's own weights and numbers in place of all that is suspect.
  public let error: Double, correctedError: Double, leastError: Double

  /// Whether the correction does as well as the reference's own weights and numbers, and what it corrects matters.
  public var isProven: Bool {
    correctedError <= leastError * 1.5 + 1e-12 && error > leastError * 1.5 + 1e-12
  }

  /// The diagnosis as a finding; one that the run does not bear out is a warning.
  public var finding: Finding {
    let proof: String
    if cause == .weights {
      proof =
        "with the reference's in its place the error of \(stage) falls from \(error.scientific) to "
        + leastError.scientific
    } else if isProven {
      proof = "with this corrected the error of \(stage) falls from \(error.scientific) to \(correctedError.scientific)"
    } else {
      proof =
        "with this corrected the error of \(stage) goes from \(error.scientific) to \(correctedError.scientific), "
        + "so there is more to it"
    }
    return Finding(.error, "verify.diagnosis", place: place, "\(words): \(proof)")
  }

  var json: JSON {
    .members([
      "cause": .string(cause.rawValue), "place": .string(place), "message": .string(words), "stage": .string(stage),
      "nmse": .real(error), "corrected_nmse": .real(correctedError), "least_nmse": .real(leastError),
      "proven": .bool(isProven),
    ])
  }
}
