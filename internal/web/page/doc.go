// Package page is what all screens of the web face share: the layout, the
// components, forms, regions that stay live, times and clocks. It carries out
// "All information concerning an incident is to be considered confidential"
// (policy 003) for the browser: every page and every region is rendered with the
// viewer's own rights, nothing is cached, nothing is loaded from elsewhere. It
// must not import a screen, the API, the command line or app.
//
// docs/design/screens.md says how a screen is written and lists the components.
package page
