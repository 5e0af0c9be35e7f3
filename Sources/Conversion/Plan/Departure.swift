import Bytes

/// A point in which a GGUF differs from that of llama.cpp's converter on purpose, because llama.cpp does not load the
/// converter's file, or does not compute with it what the model does.
///
/// `docs/departures.md` has the table; `ConversionRequest.departures` turns them off.
public enum Departure: String, Sendable, CaseIterable {
  /// The output matrix of a tied model, where llama.cpp demands one.
  case copiedHead = "copied_head"
  /// An output matrix that equals the embedding, where llama.cpp takes the embedding and accepts no other.
  case droppedEqualHead = "dropped_equal_head"

  /// What the converter writes.
  public var reference: String {
    switch self {
    case .copiedHead: "no `output.weight` for a model whose head is tied to the embedding"
    case .droppedEqualHead: "`output.weight`, because the folder has the tensor"
    }
  }

  /// What llama.cpp makes of the converter's file.
  public var effect: String {
    switch self {
    case .copiedHead: "the file does not load: the architecture demands `output.weight`"
    case .droppedEqualHead: "the file does not load: the architecture has no `output.weight`"
    }
  }

  /// The effect in a message, without markup.
  var plainEffect: String { effect.filter { $0 != "`" } }

  /// What is written instead.
  public var remedy: String {
    switch self {
    case .copiedHead: "`output.weight`, a copy of the embedding"
    case .droppedEqualHead: "no `output.weight` if it equals the embedding; another head is refused"
    }
  }

  /// The titles of `table`.
  public static let titles = ["departure", "the converter writes", "with it, in llama.cpp", "ingot writes"]

  /// All departures, a row each, as the documentation shows them.
  public static var table: [[String]] {
    allCases.map { ["`\($0.rawValue)`", $0.reference, $0.effect, $0.remedy] }
  }
}

/// A departure that a conversion makes.
public struct PlannedDeparture: Sendable, Hashable {
  /// Which one.
  public let departure: Departure
  /// What it changes in this output, in one line.
  public let message: String
}

extension [PlannedDeparture] {
  /// The list as documented in `docs/json.md`.
  var json: JSON {
    .array(map { .members(["departure": .string($0.departure.rawValue), "message": .string($0.message)]) })
  }
}
