using LongContext.Attention;
using LongContext.Cuda;
using LongContext.Models;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Attention;

/// <summary>The program of docs/cuda.md: compiled here, run where there is a GPU, and the same text there.</summary>
public sealed class CudaGuideTests
{
    [Fact]
    public void Program_OfTheGuide_IsThatOfTheTest()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        IEnumerable<string> guide = GuideText.Programs(Path.Combine(TestPaths.RepositoryRoot!, "docs", "cuda.md"));
        IEnumerable<string> compiled = GuideText.Blocks(
            Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Tests", "Attention", "CudaGuideTests.cs"), "// <GUIDE>", "// </GUIDE>");
        Assert.Equal(compiled, guide);
    }

    [Fact]
    public void Program_OnAGpu_LoadsAModel()
    {
        Assert.SkipUnless(CudaDevice.IsAvailable && cuda.is_available(), "no GPU: " + (CudaDevice.UnavailableReason ?? "this libtorch is not built for CUDA"));
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel tiny = TinyModels.Create(dataType: ScalarType.Float32)) tiny.Save(folder["my-model"]);
        Load(folder["my-model"]);
    }

    private static void Load(string folder)
    {
        // <GUIDE>
        using var model = CausalLanguageModel.Load(folder, new ModelLoadOptions
        {
            Device = CUDA, DataType = ScalarType.BFloat16,
            AttentionKernel = new CudaAttentionKernel(deterministic: true),
        });
        // </GUIDE>
    }
}
