using LongContext.Training.Monitoring;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Monitoring;

public sealed class DevicePeakTests
{
    [Theory]
    [InlineData("NVIDIA H100 80GB HBM3", 989.4)]
    [InlineData("NVIDIA H100 PCIe", 756)]
    [InlineData("NVIDIA H100 NVL", 835.5)]
    [InlineData("NVIDIA H200", 989.4)]
    [InlineData("NVIDIA H200 NVL", 835.5)]
    [InlineData("NVIDIA B200", 2250)]
    [InlineData("NVIDIA A100-SXM4-40GB", 312)]
    [InlineData("NVIDIA A100 80GB PCIe", 312)]
    [InlineData("NVIDIA A10", 125)]
    [InlineData("NVIDIA L4", 121)]
    [InlineData("NVIDIA L40S", 362)]
    [InlineData("NVIDIA L40", 181)]
    [InlineData("NVIDIA GeForce RTX 3090", 71)]
    [InlineData("NVIDIA GeForce RTX 4090", 165.2)]
    [InlineData("NVIDIA GeForce RTX 5090", 209.5)]
    [InlineData("NVIDIA RTX 6000 Ada Generation", 364.2)]
    public void OperationsPerSecond_KnownGpu_IsItsDenseHalfPrecision(string name, double tera)
    {
        Assert.Equal(tera * 1e12, DevicePeak.OperationsPerSecond(name, ScalarType.BFloat16)!.Value, 1e6);
        Assert.Equal(DevicePeak.OperationsPerSecond(name, ScalarType.BFloat16), DevicePeak.OperationsPerSecond(name, ScalarType.Float16));
        Assert.True(DevicePeak.OperationsPerSecond(name, ScalarType.Float32) <= DevicePeak.OperationsPerSecond(name, ScalarType.Float32, tensorFloat32: true));
        Assert.Null(DevicePeak.OperationsPerSecond(name, ScalarType.Float64));
    }

    [Theory]
    [InlineData("NVIDIA A10G")] // not an A10, of which its name begins with
    [InlineData("NVIDIA H20")]
    [InlineData("NVIDIA GeForce RTX 3090 Ti")]
    [InlineData("NVIDIA GeForce RTX 4090 D")]
    [InlineData("NVIDIA GeForce RTX 4090 Laptop GPU")]
    [InlineData("NVIDIA H100 80GB HBM3 MIG 1g.10gb")]
    [InlineData("Quadro RTX 6000")]
    [InlineData("")]
    public void OperationsPerSecond_AnotherGpu_IsNotGuessed(string name) => Assert.Null(DevicePeak.OperationsPerSecond(name, ScalarType.BFloat16));

    [Fact]
    public void OperationsPerSecond_Float32_DependsOnWhetherTensorCoresMay()
    {
        Assert.Equal(19.5e12, DevicePeak.OperationsPerSecond("NVIDIA A100-SXM4-80GB", ScalarType.Float32));
        Assert.Equal(156e12, DevicePeak.OperationsPerSecond("NVIDIA A100-SXM4-80GB", ScalarType.Float32, tensorFloat32: true));
    }
}
