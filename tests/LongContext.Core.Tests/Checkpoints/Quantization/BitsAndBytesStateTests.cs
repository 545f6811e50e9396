using System.Text;
using LongContext.Checkpoints;
using LongContext.Checkpoints.Quantization;

namespace LongContext.Core.Tests.Checkpoints.Quantization;

public sealed class BitsAndBytesStateTests
{
    [Fact]
    public void Parse_StateAsBitsAndBytesWritesIt_IsRead()
    {
        const string Json = """{"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [4096, 11008], "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.04331}""";
        BitsAndBytesState state = BitsAndBytesState.Parse(Encoding.UTF8.GetBytes(Json), "w");
        Assert.Equal([4096, 11008], state.Shape);
        Assert.Equal(("bfloat16", 64, 256, 0.04331), (state.DataType, state.BlockSize, state.NestedBlockSize!.Value, state.NestedOffset));
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(256, (double)0.1f)]
    public void ToUtf8_AnyState_ComesBack(int? nested, double offset)
    {
        var state = new BitsAndBytesState([3, 5], "float16", 64, nested, offset);
        BitsAndBytesState read = BitsAndBytesState.Parse(state.ToUtf8(), "w");
        Assert.Equal(state.Shape, read.Shape);
        Assert.Equal(state with { Shape = read.Shape }, read);
    }

    [Theory]
    [InlineData("[1]", "JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{"quant_type": "fp4", "blocksize": 64, "shape": [1, 2]}""", "fp4")]
    [InlineData("""{"quant_type": "nf4", "shape": [1, 2]}""", "blocksize")]
    [InlineData("""{"quant_type": "nf4", "blocksize": 0, "shape": [1, 2]}""", "blocksize")]
    [InlineData("""{"quant_type": "nf4", "blocksize": 64}""", "shape")]
    [InlineData("""{"quant_type": "nf4", "blocksize": 64, "shape": [1, 2], "nested_blocksize": 256}""", "nested_offset")]
    [InlineData("""{"quant_type": "nf4", "blocksize": 64, "shape": [1, 2], "nested_blocksize": 256, "nested_offset": 1e400}""", "nested_offset")]
    public void Parse_BadState_NamesTensorAndField(string json, string expected)
    {
        string message = Assert.Throws<CheckpointFormatException>(() => BitsAndBytesState.Parse(Encoding.UTF8.GetBytes(json), "the.tensor")).Message;
        Assert.Contains("the.tensor", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_BytesThatAreNoJson_AreRefused()
    {
        Assert.Contains("UTF-8", Assert.Throws<CheckpointFormatException>(() => BitsAndBytesState.Parse([0xFF, 0xFE], "w")).Message, StringComparison.Ordinal);
        Assert.Contains("at most", Assert.Throws<CheckpointFormatException>(() => BitsAndBytesState.Parse(new byte[20_000], "w")).Message, StringComparison.Ordinal);
    }
}
