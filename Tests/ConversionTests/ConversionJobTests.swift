import Bytes
import Conversion
import Models
import Quantization
import TestSupport
import Testing

@Suite("A conversion job")
struct ConversionJobTests {
  let folder = TemporaryFolder()

  private func job(to name: String, _ type: ConversionRequest.TypeChoice = .format(.q4_0)) throws -> ConversionJob {
    var request = ConversionRequest(destination: folder.file(name))
    request.type = type
    let model = try Model.open(Fixtures.path("llama-gqa"), library: try .bundled())
    return ConversionJob(try Planner.plan(model, request))
  }

  @Test("writes the receipt, then checks the output under its final name")
  func order() throws {
    var job = try job(to: "out.gguf")
    job.receiptPath = folder.file("receipt.json")
    job.arguments = ["convert"]
    var steps: [String] = []
    let outcome = try job.run(written: { steps.append("written") }) { output in
      steps.append("check")
      #expect(output == folder.file("out.gguf"))
      #expect(FileSystem.kind(of: output) == .regular)
      return 7
    }
    #expect(steps == ["written", "check"])
    #expect(outcome.check == 7)
    #expect(outcome.errors.outcomes.count == job.plan.tensors.count)
    let receipt = try JSON(try LocalFile(folder.file("receipt.json")), limit: 1 << 20)
    #expect(receipt["schema"]?.string == Receipt.schema)
    #expect(receipt["options"]?.array == [.string("convert")])
  }

  @Test("writes nothing if the errors exceed the budget")
  func budget() throws {
    var job = try job(to: "out.gguf")
    job.receiptPath = folder.file("receipt.json")
    job.budget = .budget(try Budget(parsing: "nmse=1e-9", metrics: Budget.Metric.ofTensors))
    #expect { try job.run(check: nil as ((String) -> Int)?) } throws: {
      ($0 as? BudgetExceeded)?.summary.passes == false
    }
    #expect(folder.names == [])
  }

  @Test(
    "refuses a receipt that it could not write, before it converts",
    arguments: ["nowhere/receipt.json", "out.gguf", "taken.json"])
  func receiptPath(name: String) throws {
    var job = try job(to: "out.gguf")
    try FileSystem.createFolder(folder.file("inputs"))
    try AtomicFile.write([1], to: folder.file("taken.json"), overwrite: .refuse)
    job.receiptPath = folder.file(name)
    #expect(throws: FileError.self) { try job.run(check: nil as ((String) -> Int)?) }
    #expect(FileSystem.kind(of: folder.file("out.gguf")) == nil)
  }

  @Test("puts a receipt into the folder that the conversion makes")
  func receiptInOutput() throws {
    var job = try job(to: "model", .automatic)
    job.receiptPath = folder.file("model/receipt.json")
    _ = try job.run(check: nil as ((String) -> Int)?)
    #expect(FileSystem.kind(of: folder.file("model/receipt.json")) == .regular)
  }
}
