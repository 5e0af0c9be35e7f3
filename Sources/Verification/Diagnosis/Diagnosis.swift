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
    /// Queries, keys and values are packed in another arrangement than the naming scheme's.
    case packing
    /// A matrix is transposed.
    case transposed
    /// Two tensors stand in each other's place.
    case swapped
    /// Some rows of a matrix are lost, moved, or in each other's place.
    case rows
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
  /// Other places with the same fault.
  public let otherPlaces: [String]
  /// The fault in words.
  public let words: String
  /// Where the correction was tried: `layer 3`, `output`.
  public let stage: String
  /// The normalized mean square error there, with the reference's input and all else the reference's: with the suspects
  /// as they are, and with the correction.
  public let error: Double, correctedError: Double

  /// Whether the correction takes away nine tenths of the error at least; what is left is what storage formats cost.
  public var isConfirmed: Bool { error > 0 && correctedError <= error / 10 }

  /// The diagnosis as a finding; one that the run does not bear out says so.
  public var finding: Finding {
    let fall = "the error of \(stage) falls from \(error.scientific) to \(correctedError.scientific)"
    let proof =
      switch (cause, isConfirmed) {
      case (.weights, true): "with the reference's in its place \(fall)"
      case (_, true): "with this corrected \(fall)"
      case (_, false) where error == 0: "which changes nothing in \(stage) on these tokens"
      default:
        "with this corrected the error of \(stage) goes from \(error.scientific) to \(correctedError.scientific), "
          + "so there is more to it"
      }
    return Finding(.error, "verify.diagnosis", place: place, "\(words)\(others): \(proof)")
  }

  /// The other places: by name if they are few.
  private var others: String {
    switch otherPlaces.count {
    case 0: ""
    case ...3: " (so it is with \(otherPlaces.joined(separator: ", ")))"
    default: " (so it is with \(otherPlaces[0]) and \((otherPlaces.count - 1).grouped) others)"
    }
  }

  var json: JSON {
    .members([
      "cause": .string(cause.rawValue), "place": .string(place),
      "other_places": .array(otherPlaces.map(JSON.string)), "message": .string(words), "stage": .string(stage),
      "nmse": .real(error), "corrected_nmse": .real(correctedError),
      "proven": .bool(isConfirmed),
    ])
  }
}
