using TorchSharp;

namespace LongContext.Tests;

/// <summary>TorchSharp's native library loads on this machine (docs/design/torchsharp-on-older-linux.md).</summary>
public sealed class TorchSharpLoadingTests
{
    [Fact]
    public void NativeLibrary_OnThisMachine_Computes()
    {
        using var ones = torch.ones(2, 2);
        using var sum = ones.sum();
        Assert.Equal(4f, sum.item<float>());
    }
}
