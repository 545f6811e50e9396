using LongContext.Models.Quantization;
using TorchSharp;

namespace LongContext.Tests.Models.Quantization;

/// <summary>The codes of a quantised weight belong to its parameter; here, where there is none, to a scope.</summary>
internal static class OwnedCodes
{
    public static TWeight OwnedBy<TWeight>(this TWeight weight, DisposeScope scope)
        where TWeight : QuantizedWeight
    {
        scope.Attach(weight.Codes);
        return weight;
    }
}
