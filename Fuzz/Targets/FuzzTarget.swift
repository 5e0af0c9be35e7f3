import Bytes

/// A reader that is fed with arbitrary bytes, and the laws that hold for whatever it accepts.
public struct FuzzTarget: Sendable {
  /// The name on the command line, and of the folder in `Fuzz/Corpus`.
  public let name: String
  /// The law, for the table in docs/fuzzing.md.
  public let summary: String
  /// Longer inputs are not tried: they are slower and find nothing else.
  public let maximumByteCount: Int
  private let body: @Sendable ([UInt8]) throws -> Void

  init(_ name: String, _ summary: String, limit: Int = 4096, _ body: @escaping @Sendable ([UInt8]) throws -> Void) {
    self.name = name
    self.summary = summary
    maximumByteCount = limit
    self.body = body
  }

  /// Reads `input` and returns what is wrong with the reader; nil if it keeps its laws.
  ///
  /// Refusing the input is fine, with an error of the project that is worded on one line a problem. A trap ends the process.
  public func finding(_ input: [UInt8]) -> String? {
    do {
      try body(input)
      return nil
    } catch let finding as Finding {
      return finding.fact
    } catch let error as any IngotError {
      return error.constituents.lazy.compactMap { Self.defect("\($0)") }.first
    } catch {
      return "throws \(type(of: error)), which is not an error of the project"
    }
  }

  /// What is wrong with the wording of an error.
  private static func defect(_ message: String) -> String? {
    if message.isEmpty { return "an error has no text" }
    // Problems are worded one to a line, with two spaces before each.
    let isPrintable = message.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    return isPrintable ? nil : "an error has control characters: \(message.debugDescription)"
  }
}

/// A law that a reader breaks.
struct Finding: Error {
  let fact: String

  /// Throws unless `condition` holds.
  static func require(_ condition: Bool, _ fact: @autoclosure () -> String) throws {
    if !condition { throw Finding(fact: fact()) }
  }
}
