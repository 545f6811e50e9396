using LongContext.Export;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Export;

[Collection(TensorCounting.Name)]
public sealed class ExportLeakTests
{
    [Fact]
    public void Export_Done_LeavesNoTensors()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Config("gemma2-query-scale"), seed: 1);
        long before = TensorCounting.Count();
        GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { WithoutTokenizer = true, ElementType = GgufTensorType.Q8_0 });
        Assert.Equal(before, TensorCounting.Count());
    }
}
