"""What is deployed: the chart as Helm renders it, the image, the rules and the dashboard."""
