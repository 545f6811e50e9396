using LongContext.Cuda.GatedUnits;
using LongContext.Kernels;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

public sealed class FusedGatedUnitTests
{
    [Fact]
    public void GatedActivation_HasTheNumbersOfActivation() =>
        Assert.Equal(Enum.GetNames<Activation>().Select(name => (int)Enum.Parse<Activation>(name)), Enum.GetNames<Activation>().Select(name => (int)Enum.Parse<GatedActivation>(name)));

    public static TheoryData<string, ScalarType, int, bool> Cases()
    {
        var cases = new TheoryData<string, ScalarType, int, bool>();
        foreach (string activation in Enum.GetNames<Activation>())
        {
            foreach (ScalarType type in new[] { ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float32 })
            {
                cases.Add(activation, type, 96, true);
                cases.Add(activation, type, 37, false);
            }
        }

        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void AnyCall_OfHalvesOrWholeTensors_IsAsGoodAsOperators(string activationName, ScalarType type, int columns, bool halves)
    {
        using var scope = NewDisposeScope();
        Activation activation = Enum.Parse<Activation>(activationName);
        const int rows = 7;
        Tensor both = FusedRmsNormTests.Values([rows, 2 * columns], type, seed: 1, scale: 2), gradient = FusedRmsNormTests.Values([rows, columns], type, seed: 2);
        Tensor gate = both.narrow(1, 0, columns), up = both.narrow(1, columns, columns);
        if (!halves) (gate, up) = (gate.contiguous(), up.contiguous());
        Tensor wideGate = FusedRmsNormTests.Wide(gate), wideUp = FusedRmsNormTests.Wide(up), wideGradient = FusedRmsNormTests.Wide(gradient);
        string what = $"{activation}, {type}, {columns}";
        Closeness.Assert(
            EmulatedKernels.Run("gated_unit_forward", () => FusedGatedUnit.Apply(activation, gate, up)!),
            Activations.Apply(activation, gate) * up, Activations.Apply(activation, wideGate) * wideUp, what);

        // Over the halves of one tensor, and over the product and its gradient, as MlpBlock has them.
        Tensor operatorsUp = Activations.Apply(activation, gate) * gradient, operatorsGate = Activations.Backward(activation, gate, gradient * up);
        Tensor truthUp = Activations.Apply(activation, wideGate) * wideGradient, truthGate = Activations.Backward(activation, wideGate, wideGradient * wideUp);
        Tensor into = empty([rows, 2 * columns], dtype: type), product = empty([rows, columns], dtype: type), inner = gradient.clone();
        EmulatedKernels.Run("gated_unit_backward", () =>
        {
            FusedGatedUnit.Backward(activation, gate, up, gradient, into.narrow(1, 0, columns), into.narrow(1, columns, columns));
            FusedGatedUnit.Backward(activation, gate, up, inner, product, inner);
            return true;
        });
        Closeness.Assert(product, operatorsGate, truthGate, what + ", gate");
        Closeness.Assert(inner, operatorsUp, truthUp, what + ", up");
        Assert.Equal(TinyModels.Doubles(product), TinyModels.Doubles(into.narrow(1, 0, columns)));
        Assert.Equal(TinyModels.Doubles(inner), TinyModels.Doubles(into.narrow(1, columns, columns)));
    }
}
