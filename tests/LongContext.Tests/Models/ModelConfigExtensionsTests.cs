using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Positions;

namespace LongContext.Tests.Models;

public sealed class ModelConfigExtensionsTests
{
    [Fact]
    public void WithRopeScaling_Linear_MultipliesTheTrainedWindow()
    {
        ModelConfig scaled = TinyModels.Config().WithRopeScaling(RopeScaling.Linear(8));
        Assert.Equal((256, RopeScaling.Linear(8)), (scaled.MaxPositionEmbeddings, scaled.RopeScaling));
        // Replaced, not multiplied; back again as well.
        Assert.Equal(64, scaled.WithRopeScaling(RopeScaling.Linear(2)).MaxPositionEmbeddings);
        Assert.Equal(32, scaled.WithRopeScaling(RopeScaling.None).MaxPositionEmbeddings);
        Assert.Equal(32, scaled.WithRopeScaling(RopeScaling.DynamicNtk(4)).MaxPositionEmbeddings);
    }

    [Fact]
    public void WithRopeScaling_AfterWritingAndReading_KnowsTheTrainedWindow()
    {
        ModelConfig read = ModelConfig.Parse(TinyModels.Config().WithRopeScaling(RopeScaling.Linear(8)).ToJson(), "test");
        Assert.Equal(32, read.WithRopeScaling(RopeScaling.None).MaxPositionEmbeddings);
        Assert.Equal(512, read.WithRopeScaling(RopeScaling.Linear(16)).MaxPositionEmbeddings);
    }

    [Fact]
    public void WithRopeScaling_Dynamic_CountsFromTheTrainedWindow()
    {
        ModelConfig scaled = TinyModels.Config().WithRopeScaling(RopeScaling.DynamicNtk(8));
        Assert.Equal(32, scaled.MaxPositionEmbeddings);
        Assert.Equal(32, scaled.RopeParameters.MaxPositionEmbeddings);
        Assert.Equal(scaled, TinyModels.Config().WithRopeScaling(RopeScaling.DynamicNtk(8), contextLength: 32));
        Assert.Throws<ArgumentException>("contextLength", () => TinyModels.Config().WithRopeScaling(RopeScaling.DynamicNtk(8), contextLength: 256));
    }

    [Fact]
    public void WithRopeScaling_ContextLengthGiven_IsTheWindow()
    {
        Assert.Equal(100, TinyModels.Config().WithRopeScaling(RopeScaling.Linear(8), contextLength: 100).MaxPositionEmbeddings);
        Assert.Throws<ArgumentOutOfRangeException>("contextLength", () => TinyModels.Config().WithRopeScaling(RopeScaling.None, contextLength: 0));
        Assert.Throws<ArgumentNullException>("scaling", () => TinyModels.Config().WithRopeScaling(null!));
    }
}
