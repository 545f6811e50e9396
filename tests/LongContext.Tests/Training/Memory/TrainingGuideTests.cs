using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Recipes;
using LongContext.TestSupport;
using LongContext.Training.Memory;

namespace LongContext.Tests.Training.Memory;

/// <summary>The program of docs/training.md: compiled here, run here, and the same text there.</summary>
public sealed class TrainingGuideTests
{
    [Fact]
    public void Program_OnATinyModel_SaysWhatFits()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel tiny = TinyModels.Create()) tiny.Save(folder.Path);
        (MemoryPlan plan, int longest) = Run(folder.Path);
        Assert.True(plan.Fits);
        Assert.True(longest > 131_072);

        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        IEnumerable<string> guide = GuideText.Programs(Path.Combine(TestPaths.RepositoryRoot!, "docs", "training.md"));
        IEnumerable<string> compiled = GuideText.Blocks(Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Tests", "Training", "Memory", "TrainingGuideTests.cs"), "// <GUIDE>", "// </GUIDE>");
        Assert.Equal(compiled, guide);
    }

    private static (MemoryPlan Plan, int Longest) Run(string modelFolder)
    {
        // <GUIDE>
        var request = new MemoryRequest
        {
            Config = ModelConfig.Load(modelFolder),
            Adapter = new LoraOptions { Rank = 32 },
            DeviceBytes = (long)(80_000_000_000 * TrainingPreset.UsableShare), // of a card sold as 80 GB
            HostBytes = 128_000_000_000,
        };
        Console.WriteLine(MemoryPlanner.Plan(request, tokens: 131_072)); // the policy, and a table of bytes by part; or what is missing, and what would fit
        Console.WriteLine(MemoryPlanner.MaximumContext(request)); // tokens
        // </GUIDE>
        return (MemoryPlanner.Plan(request, 131_072), MemoryPlanner.MaximumContext(request));
    }
}
