using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;

namespace LongContext.Tests.Adapters;

/// <summary>The program of docs/adapters.md: compiled here, run here, and the same text there.</summary>
public sealed class AdapterGuideTests
{
    [Fact]
    public void Program_OnATinyModel_TrainsOnQuantizedAndMergesOnPlain()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel tiny = TinyModels.Create()) tiny.Save(folder["model"]);
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(13, 1)]);
        double[] trained = [];
        Run(folder["model"], folder["adapter"], folder["merged"], model =>
        {
            LoraAdapterTests.Disturb(model.Adapter!);
            trained = TinyModels.Logits(model, pack);
        });

        using CausalLanguageModel plain = CausalLanguageModel.Load(folder["model"]), merged = CausalLanguageModel.Load(folder["merged"]);
        LoraAdapter.Load(folder["adapter"], plain);
        TinyModels.AssertClose(TinyModels.Logits(plain, pack), TinyModels.Logits(merged, pack), 1e-12);
        Assert.NotEqual(trained, TinyModels.Logits(merged, pack)); // the base was quantised then

        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        IEnumerable<string> guide = GuideText.Programs(Path.Combine(TestPaths.RepositoryRoot!, "docs", "adapters.md"));
        IEnumerable<string> compiled = GuideText.Blocks(Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Tests", "Adapters", "AdapterGuideTests.cs"), "// <GUIDE>", "// </GUIDE>");
        Assert.Equal(compiled, guide);
    }

    private static void Run(string modelFolder, string adapterFolder, string mergedFolder, Action<CausalLanguageModel> train)
    {
        // <GUIDE>
        var options = new ModelLoadOptions { WeightQuantization = WeightQuantization.Nf4DoubleQuantized };
        using (CausalLanguageModel quantised = CausalLanguageModel.Load(modelFolder, options))
        {
            LoraAdapter adapter = quantised.AddAdapter(new LoraOptions { Rank = 16, Alpha = 32, Dropout = 0.05 }, seed: 1);
            train(quantised);
            adapter.Save(adapterFolder);
        }

        using CausalLanguageModel model = CausalLanguageModel.Load(modelFolder);
        LoraAdapter.Load(adapterFolder, model);
        model.MergeAndRemoveAdapter();
        model.Save(mergedFolder);
        // </GUIDE>
    }
}
