using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

[Collection(TensorCounting.Name)]
public sealed class OptimizerLeakTests
{
    public static TheoryData<string, ScalarType> Kinds
    {
        get
        {
            var data = new TheoryData<string, ScalarType>();
            foreach (string name in new[] { "AdamW", "AdamW8Bit", "Adafactor", "Lion", "Stochastic", "Nearest" })
            foreach (ScalarType dataType in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16 }) data.Add(name, dataType);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_AThousandTimes_HoldsNoMoreTensorsThanAfterTen(string name, ScalarType dataType)
    {
        OptimizerOptions options = name switch
        {
            "AdamW" => new AdamWOptions(),
            "AdamW8Bit" => new AdamW8BitOptions { MinimumSize = 0, StateOnHost = true },
            "Adafactor" => new AdafactorOptions { Beta1 = 0.9, ScaleByParameter = true },
            "Lion" => new LionOptions(),
            "Stochastic" => new AdamWOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.StochasticRounding },
            _ => new AdamW8BitOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.Nearest },
        };
        long before = TensorCounting.Count(), afterTen = 0;
        using (var parameters = new TestParameters(dataType))
        using (Optimizer optimizer = OptimizerTests.Create(parameters, options))
        {
            optimizer.SliceElements = 512;
            optimizer.AlwaysCopies = true;
            parameters.SetGradients(1);
            for (int step = 1; step <= 1000; step++)
            {
                optimizer.GradientNorm();
                optimizer.ScaleGradients(0.999);
                optimizer.Step(1e-4);
                if (step == 10) afterTen = Tensor.TotalCount;
            }

            // Without collecting: a step leaves nothing, not even for the finalizers.
            Assert.Equal(afterTen, Tensor.TotalCount);
        }

        Assert.Equal(before, Tensor.TotalCount);
    }
}
