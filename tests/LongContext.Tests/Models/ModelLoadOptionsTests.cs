using LongContext.Models;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

public sealed class ModelLoadOptionsTests
{
    [Theory]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Bool)]
    public void LoadAndCreate_AnotherTypeThanFloatingPoint_AreRefused(ScalarType type)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel plain = TinyModels.Create()) plain.Save(folder.Path);
        var options = new ModelLoadOptions { DataType = type, WeightQuantization = (WeightQuantization)99 };
        foreach (Func<CausalLanguageModel> make in new[] { () => CausalLanguageModel.Load(folder.Path, options), () => CausalLanguageModel.Create(TinyModels.Config(), 1, options) })
        {
            ArgumentException exception = Assert.Throws<ArgumentException>(make);
            Assert.Contains("DataType", exception.Message, StringComparison.Ordinal);
            Assert.Contains("WeightQuantization", exception.Message, StringComparison.Ordinal);
        }
    }
}
