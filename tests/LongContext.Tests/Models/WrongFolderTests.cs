using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Export;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Tests.Models;

/// <summary>What people give in place of a model's folder: the message says what to give.</summary>
public sealed class WrongFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Load_NameOnTheHub_SaysThatNothingIsDownloaded()
    {
        foreach (Action load in new Action[] { () => CausalLanguageModel.Load("meta-llama/Llama-3.2-1B").Dispose(), () => HuggingFaceTokenizer.Load("meta-llama/Llama-3.2-1B") })
            Assert.Contains("hf download meta-llama/Llama-3.2-1B", Assert.Throws<DirectoryNotFoundException>(load).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("download", Assert.Throws<DirectoryNotFoundException>(() => CausalLanguageModel.Load("./models/none")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AFileOfTheFolder_NamesTheFolder()
    {
        string tokenizer = folder["tokenizer.json"], weights = folder["model.safetensors"];
        File.WriteAllText(tokenizer, "{}");
        File.WriteAllText(weights, "");
        Assert.Contains($"expected the folder that it is in: '{folder.Path}'", Assert.Throws<DirectoryNotFoundException>(() => HuggingFaceTokenizer.Load(tokenizer)).Message, StringComparison.Ordinal);
        Assert.Contains($"expected the folder that it is in: '{folder.Path}'", Assert.Throws<DirectoryNotFoundException>(() => CausalLanguageModel.Load(weights)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AnAdaptersFolder_NamesTheBaseAndTheWay()
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.AddAdapter(new LoraOptions { Rank = 2 }).Save(folder.Path, "org/base");
        string message = Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path)).Message;
        Assert.Contains("load 'org/base' with CausalLanguageModel.Load, then the adapter onto it with LoraAdapter.Load", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_ToAFolderThatIsNotThere_NamesIt()
    {
        using CausalLanguageModel model = TinyModels.Create();
        string message = Assert.Throws<DirectoryNotFoundException>(() => GgufExporter.Export(model, folder["none/model.gguf"], new GgufExportOptions { WithoutTokenizer = true })).Message;
        Assert.Contains($"no folder '{folder["none"]}'", message, StringComparison.Ordinal);
        Assert.DoesNotContain(".tmp", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trainer_OfADisposedModel_IsNotMade()
    {
        CausalLanguageModel model = TinyModels.Create();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new LongContextTrainer(model, new TrainerOptions()));
    }
}
