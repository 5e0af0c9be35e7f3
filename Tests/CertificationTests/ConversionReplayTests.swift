import Bytes
import Certification
import Conversion
import Evaluation
import Models
import TestSupport
import Testing
import Verification

@Suite("A repeated conversion")
struct ConversionReplayTests {
  let folder = TemporaryFolder()

  /// A certificate of a model folder and its conversion to F16.
  private func certificate() throws -> Certificate {
    let requested = try Self.conversion(to: folder.file("out.gguf"), .format(.f16))
    let _: ConversionJob.Outcome<Never> = try ConversionJob(try requested.plan(threads: 1)).run(check: nil)
    let reference = try requested.open()
    let candidate = try Model.open(folder.file("out.gguf"), library: .bundled())
    let verification = try ModelVerification.verify(reference, candidate, tokens: TokenChunks([1, 2, 3], length: 8))
    return try Certificate(verification, version: "1.2.3")
  }

  private static func conversion(
    to destination: String, _ type: ConversionRequest.TypeChoice
  ) throws -> RequestedConversion {
    var request = ConversionRequest(destination: destination)
    request.type = type
    return RequestedConversion(Fixtures.path("llama-gqa"), library: try .bundled(), request: request)
  }

  private func replay(_ parse: ConversionReplay.Parse) throws -> ConversionReplay {
    let certificate = try certificate()
    return try ConversionReplay(
      certificate, reference: certificate.reference.path, candidate: certificate.candidate.path, library: .bundled(),
      threads: 1, parse: parse)
  }

  @Test("gives the same bytes wherever the arguments would write, and leaves nothing")
  func same() throws {
    let replay = try replay { _ in ReplayableConversion { try Self.conversion(to: "/nowhere/out.gguf", .format(.f16)) }
    }
    #expect(replay.passes && replay.arguments.first == "convert")
    #expect(folder.names == ["out.gguf"])
  }

  @Test("names the files that another conversion gives other bytes")
  func other() throws {
    let replay = try replay { _ in ReplayableConversion { try Self.conversion(to: "/nowhere/out.gguf", .format(.bf16)) }
    }
    #expect(replay.differing == ["out.gguf"])
    #expect(folder.names == ["out.gguf"])
  }

  @Test("reads no file that the certificate does not have")
  func uncertified() throws {
    #expect(throws: CertificateError.uncertifiedInput(option: "--imatrix", path: "x")) {
      try replay { _ in
        ReplayableConversion(inputFiles: [InputFile("--imatrix", "x")]) {
          Issue.record("the file is read")
          return try Self.conversion(to: "/nowhere/out.gguf", .format(.f16))
        }
      }
    }
  }

  @Test("is refused for arguments that are not a conversion")
  func notRepeatable() throws {
    #expect(throws: NotRepeatable.self) { try replay { _ in nil } }
  }
}
