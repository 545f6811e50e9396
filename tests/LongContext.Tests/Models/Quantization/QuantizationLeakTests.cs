using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models.Quantization;

/// <summary>What quantising, saving and loading leave behind: no tensor.</summary>
[Collection(TensorCounting.Name)]
public sealed class QuantizationLeakTests
{
    [Fact]
    public void Quantize_SaveAndLoad_LeaveNoTensors()
    {
        RunAll();
        long before = TensorCounting.Count();
        RunAll();
        Assert.Equal(before, Tensor.TotalCount); // not collected: nothing may be left to a finalizer
    }

    private static void RunAll()
    {
        foreach (QuantizationFormat format in Enum.GetValues<QuantizationFormat>())
        {
            foreach (bool gptq in new[] { false, true })
            {
                using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
                using (CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32))
                {
                    ModelQuantizer.Quantize(model, gptq ? ModelQuantizerTests.Gptq(format, sequential: true) : new QuantizationOptions { Format = format, GroupSize = null }, cancellationToken: TestContext.Current.CancellationToken);
                    model.SaveQuantized(folder.Path);
                }

                using (CausalLanguageModel.Load(folder.Path))
                {
                }

                using (CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { DequantizesWeights = true }))
                {
                }

                using CausalLanguageModel anew = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { WeightQuantization = WeightQuantization.EightBit });
            }
        }
    }
}
