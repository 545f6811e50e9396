using LongContext.Checkpoints.Quantization;

namespace LongContext.Core.Tests.Checkpoints.Quantization;

public sealed class ColumnGroupsTests
{
    [Fact]
    public void Arrange_ColumnsInOrder_AreLeft()
    {
        Assert.Null(ColumnGroups.Arrange([0, 0, 0, 1, 1, 1, 2, 2], 3, 3, out string? fault));
        Assert.Null(fault);
    }

    [Fact]
    public void Arrange_ScatteredColumns_ComeGroupByGroupAndInOrder()
    {
        Assert.Equal([1, 3, 6, 0, 2, 7, 4, 5], ColumnGroups.Arrange([1, 0, 1, 0, 2, 2, 0, 1], 3, 3, out string? fault));
        Assert.Null(fault);
    }

    [Theory]
    [InlineData(new[] { 0, 0, 3, 1 }, "column 2 is in group 3, expected 0 to 1")]
    [InlineData(new[] { 0, -1, 1, 1 }, "column 1 is in group -1")]
    [InlineData(new[] { 0, 0, 0, 1 }, "3 columns into group 0, expected 2")]
    public void Arrange_WhatCannotBe_SaysWhere(int[] groups, string expected)
    {
        Assert.Null(ColumnGroups.Arrange(groups, 2, 2, out string? fault));
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }
}
