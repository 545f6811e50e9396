using LongContext.Data;
using LongContext.Models;
using LongContext.Recipes;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Recipes;

[Collection(TensorCounting.Name)]
public sealed class RecipeLeakTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Run_WholeRecipe_LeavesNoTensorOnceTheModelIsGone(bool adapter, bool merges)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        RecipeData.Load(folder["base"]).Dispose();
        await Run(); // what is made once for the process
        long before = TensorCounting.Count();
        await Run();
        Assert.Equal(before, Tensor.TotalCount); // not collected: nothing may be left to a finalizer

        async Task Run()
        {
            using CausalLanguageModel model = RecipeData.Load(folder["base"]);
            TrainingRecipe recipe = ContinuedPretraining.Compose(
                model.Config,
                DataSource.FromList(ContinuedPretraining.Sequences(RecipeData.Texts(200, 300), RecipeData.Tokenizer, 64), epochs: null),
                new ContinuedPretrainingOptions
                {
                    ContextLength = 64,
                    Adapter = adapter ? ContinuedPretraining.LongLoraAdapter : null,
                    MergesAdapter = merges,
                    HeldOutTokens = TinyModels.Tokens(128, 9),
                    Trainer = RecipeData.Short(ContinuedPretraining.DefaultTrainer),
                    OutputFolder = folder["out"],
                });
            await recipe.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);
        }
    }
}
