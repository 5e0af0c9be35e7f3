import Architectures
import Bytes
import Conversion
import Models
import TestSupport

extension FuzzTarget {
  static let unfinishedWork: [FuzzTarget] = [
    FuzzTarget("journal", "complete lines are kept, and a line that is appended is read again") { input in
      let folder = TemporaryFolder()
      let output = folder.file("out")
      let path = try Journal(for: output).path
      try folder.writeUnflushed(input, to: Path.name(of: path))
      let journal = try Journal(for: output)
      let lines = journal.lines
      try journal.append(Array("{}".utf8))
      let content = try LocalFile(path).wholeContent(limit: 1 << 20)
      let again = content.split(separator: 0x0A).map(Array.init)
      try Finding.require(again == lines + [Array("{}".utf8)] && content.last == 0x0A, "a line is lost")
    },
    FuzzTarget("part-manifest", "what is read and written reads equal; digests of the input are made right") { input in
      let parts: (conversion: ConversionParts, digest: String)
      do {
        parts = try parted.get()
      } catch {
        throw Finding(fact: "the conversion cannot be planned: \(error)")
      }
      guard let sealed = sealed(input, plan: parts.digest) else { return }
      for part in parts.conversion.parts {
        guard let written = parts.conversion.rewritten(sealed, of: part, plan: parts.digest) else { continue }
        try Finding.require(
          parts.conversion.rewritten(written, of: part, plan: parts.digest) == written, "a written manifest is another")
      }
    },
  ]

  /// A conversion in two parts, and the digest of its plan.
  private static let parted = Result { () throws -> (conversion: ConversionParts, digest: String) in
    var conversion = RequestedConversion(
      Fixtures.path("pytorch", "twin.safetensors"), library: try ArchitectureLibrary.bundled(),
      request: ConversionRequest(destination: "out.safetensors"))
    conversion.definition = .optional
    let parts = try ConversionParts(.count(2), arguments: ["convert"]) { try conversion.plan(threads: 1) }
    return (parts, parts.digest)
  }

  /// The document in `input` with the digests that mutations would never find.
  private static func sealed(_ input: [UInt8], plan: String) -> [UInt8]? {
    guard var members = (try? JSON(parsing: input))?.object else { return nil }
    members["digest"] = nil
    members["plan"] = .string(plan)
    members["place"] = members["place"] ?? .string(PartPlace.file.rawValue)
    members["digest"] = .string(FileDigest.sha256(JSON.object(members).encoded(.compact)))
    return JSON.object(members).encoded(.compact)
  }
}
