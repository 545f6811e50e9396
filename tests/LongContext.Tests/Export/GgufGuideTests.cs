using LongContext.Export;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;

namespace LongContext.Tests.Export;

/// <summary>The program of docs/gguf.md: compiled here, run here, and the same text there.</summary>
public sealed class GgufGuideTests
{
    [Fact]
    public void Program_OnATinyModel_WritesTheFile()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel tiny = CausalLanguageModel.Create(ExportCases.Of("llama"), seed: 1)) tiny.Save(folder["my-model"]);
        ByteTokenizer.Write(folder["my-model"], ExportCases.Vocabulary);
        Export(folder["my-model"], folder["my-model.gguf"]);
        Assert.Equal("yarn", GgufFile.Open(folder["my-model.gguf"]).Metadata.Get<string>("llama.rope.scaling.type"));

        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        IEnumerable<string> guide = GuideText.Programs(Path.Combine(TestPaths.RepositoryRoot!, "docs", "gguf.md"));
        IEnumerable<string> compiled = GuideText.Blocks(Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Tests", "Export", "GgufGuideTests.cs"), "// <GUIDE>", "// </GUIDE>");
        Assert.Equal(
            compiled.Select(line => line.Replace("input", "\"my-model\"", StringComparison.Ordinal).Replace("output", "\"my-model.gguf\"", StringComparison.Ordinal)),
            guide);
    }

    private static void Export(string input, string output)
    {
        // <GUIDE>
        using CausalLanguageModel model = CausalLanguageModel.Load(input, new ModelLoadOptions { RopeScaling = RopeScaling.Yarn(4) });
        GgufExporter.Export(model, output, new GgufExportOptions { ElementType = GgufTensorType.Q8_0 });
        // </GUIDE>
    }
}
